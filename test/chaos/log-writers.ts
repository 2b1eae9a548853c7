/** Several writers of one log that keep their descriptors over rotations. */
import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { LogLedger } from './log-ledger.ts'
import { logType } from './project.ts'

/** A writer that has not been asked to open the log again does so after some time at most. */
const MAX_LATENESS_MS = 3000

export class LogWriters {
  readonly ledger: LogLedger
  readonly #log: string
  readonly #random: () => number
  readonly #descriptors: number[]
  readonly #reopenAt: number[]
  #isRotating = false
  isPaused = false

  constructor(log: string, count: number, random: () => number) {
    this.#log = log
    this.ledger = new LogLedger(log)
    this.#random = random
    this.#descriptors = Array.from({ length: count }, () => this.#open())
    this.#reopenAt = this.#descriptors.map(() => Number.POSITIVE_INFINITY)
  }

  /** A line by one of the writers; those that are due open the log again first. */
  write(): void {
    if (this.isPaused) return
    const now = performance.now()
    for (const [i, at] of this.#reopenAt.entries()) if (at <= now) this.#reopen(i)
    const writer = Math.floor(this.#random() * this.#descriptors.length)
    const id = `line-${this.ledger.lines.length}`
    const text = JSON.stringify({
      p_log_type: logType(this.ledger.lines.length),
      id,
      filler: 'x'.repeat(100),
    })
    const bytes = writeSync(this.#descriptors[writer]!, `${text}\n`)
    this.ledger.wrote(id, bytes, this.#isRotating, fstatSync(this.#descriptors[writer]!, { bigint: true }))
  }

  rotationBegins(): void {
    this.#isRotating = true
  }

  rotationEnds(): void {
    this.#isRotating = false
  }

  /** Each writer opens the log again in its own time. */
  reopenLater(): void {
    const now = performance.now()
    for (const [i, at] of this.#reopenAt.entries()) {
      this.#reopenAt[i] = Math.min(at, now + this.#random() * MAX_LATENESS_MS)
    }
  }

  reopenNow(): void {
    for (const i of this.#descriptors.keys()) this.#reopen(i)
  }

  close(): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor)
  }

  /** True when no writer has another file than the one that the path names. */
  areCurrent(): boolean {
    const now = statSync(this.#log, { throwIfNoEntry: false })?.ino
    return this.#descriptors.every((descriptor) => fstatSync(descriptor).ino === now)
  }

  #reopen(writer: number): void {
    closeSync(this.#descriptors[writer]!)
    this.#descriptors[writer] = this.#open()
    this.#reopenAt[writer] = Number.POSITIVE_INFINITY
  }
  #open(): number {
    const descriptor = openSync(this.#log, 'a')
    this.ledger.note(fstatSync(descriptor, { bigint: true }))
    return descriptor
  }
}
