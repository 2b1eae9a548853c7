/** Follows the interpreter: tells the watchdog which body is on which item, and interrupts what runs past its time. */

import { budgetMs, MARKER_CELLS } from '../../protocol/progress-marker.ts'
import { ownCoreTime } from '../core-time.ts'
import type { Memory } from './host-import.ts'

/** The driver's cells, the same in progress.py. A new serial is a new budget. */
const CELL = { serial: 0, body: 1, item: 2, function: 3, iterator: 4, items: 5 } as const
/** Words from the address of a list's iterator to the place that it gives next. */
const NEXT_PLACE = 2
const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT

const SIGINT = 2
/** After an interrupt the next one waits: the handler itself must get to run. */
const INTERRUPT_AGAIN_MS = 20
const NO_DEADLINE = Number.POSITIVE_INFINITY
/** Most calls are over before they are looked at twice: only for those that are not the clock is asked. */
const START_AT_NEXT_POLL = Number.NEGATIVE_INFINITY
/** To ask how long this thread had a core costs a microsecond: only what has had a tenth of its budget is asked. */
const MIN_CHECKED_SHARE = 0.1

export class Deadline {
  readonly #marker: Int32Array
  #timeMs = NO_DEADLINE
  #memory: Memory | undefined
  #words = new Int32Array(0)
  /** Where the driver's cells lie among the words. */
  #cells = 0
  /** As the driver had them at the last look. */
  #serial = -1
  #position = 0
  #function = 0
  #budgetMs = NO_DEADLINE
  #nextCheckAt = NO_DEADLINE
  /** The thread's time when it was first asked for this call. */
  #startCoreTimeMs: number | null = null

  /** @param mark shared with the watchdog, laid out as `MARK`. */
  constructor(marker: Int32Array) {
    this.#marker = marker
  }

  setBudget(timeMs: number): void {
    this.#timeMs = timeMs
  }

  /** @param address of the driver's cells. */
  watch(memory: Memory, address: number): void {
    this.#memory = memory
    this.#cells = address / WORD_BYTES
  }

  /** Called by the driver, whose cells have changed. */
  onMarker(): void {
    if (this.#isWatching) this.#readCells(!this.#isLooping)
  }

  /** Called by the interpreter every few dozen steps, so that the deadline needs no second thread. */
  onPoll(): number {
    if (!this.#isWatching) return 0
    if (this.#isLooping) this.#readCells(false)
    if (this.#nextCheckAt === NO_DEADLINE) return 0
    const now = performance.now()
    if (this.#nextCheckAt === START_AT_NEXT_POLL) {
      this.#nextCheckAt = now + this.#budgetMs * MIN_CHECKED_SHARE
      this.#startCoreTimeMs = null
    }
    if (now <= this.#nextCheckAt) return 0
    const remainingMs = this.#remainingMs()
    this.#nextCheckAt = now + (remainingMs > 0 ? remainingMs : INTERRUPT_AGAIN_MS)
    return remainingMs > 0 ? 0 : SIGINT
  }

  /** Milliseconds that the call may still have a core for. */
  #remainingMs(): number {
    const coreTimeMs = ownCoreTime()
    this.#startCoreTimeMs ??= coreTimeMs
    return this.#budgetMs * (1 - MIN_CHECKED_SHARE) - (coreTimeMs - this.#startCoreTimeMs)
  }

  /** So long the interpreter waited for the host: that is no time of its own. */
  addPause(ms: number): void {
    this.#nextCheckAt += ms
  }

  /** The interpreter ended within a call: it stands where that began. */
  onEnd(): void {
    if (this.#isWatching) this.#readCells(true)
  }

  /** Memory that grew is another buffer, and words of the old one are none. */
  get #isWatching(): boolean {
    if (this.#memory !== undefined && this.#words.length === 0)
      this.#words = new Int32Array(this.#memory.buffer)
    return this.#memory !== undefined
  }

  get #isLooping(): boolean {
    return this.#cell(CELL.iterator) !== 0
  }

  /** What goes on unchanged is not told again, and keeps its budget. */
  #readCells(isExact: boolean): void {
    const serial = this.#cell(CELL.serial)
    const position = this.#isLooping ? this.#word(this.#cell(CELL.iterator) / WORD_BYTES + NEXT_PLACE) : 0
    const isNew = serial !== this.#serial || position !== this.#position
    if (!isNew && !isExact && this.#cell(CELL.function) === this.#function) return
    this.#serial = serial
    this.#position = position
    this.#function = this.#cell(CELL.function)
    this.#writeMarker(isExact)
    if (isNew) this.#restartBudget()
  }

  #writeMarker(isExact: boolean): void {
    const marker = this.#marker
    marker[MARKER_CELLS.body] = this.#cell(CELL.body)
    marker[MARKER_CELLS.item] = this.#isLooping
      ? this.#word(this.#cell(CELL.items) / WORD_BYTES + Math.max(this.#position - 1, 0))
      : this.#cell(CELL.item)
    marker[MARKER_CELLS.function] = this.#function
    marker[MARKER_CELLS.isExact] = Number(isExact)
  }

  #restartBudget(): void {
    const marker = this.#marker
    this.#budgetMs = budgetMs(
      { body: marker[MARKER_CELLS.body]!, item: marker[MARKER_CELLS.item]! },
      this.#timeMs,
    )
    this.#nextCheckAt = this.#budgetMs === NO_DEADLINE ? NO_DEADLINE : START_AT_NEXT_POLL
    // Last: a reader that sees the new serial sees the rest.
    Atomics.add(marker, MARKER_CELLS.serial, 1)
  }

  #cell(which: number): number {
    return this.#word(this.#cells + which)
  }

  /** A body may have put any number into the cells. */
  #word(at: number): number {
    return this.#words[at] ?? 0
  }
}
