/** Follows the interpreter: tells the watchdog which body is on which item, and interrupts what runs past its time. */

import { budgetMs, MARKER_CELLS } from '../../protocol/messages.ts'
import { ownCoreTime } from '../core-time.ts'
import type { Memory } from './host-import.ts'

/** The driver's cells, the same in marks.py. A new serial is a new budget. */
const CELL = { serial: 0, body: 1, item: 2, function: 3, loop: 4, items: 5 } as const
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
  readonly #mark: Int32Array
  #timeMs = NO_DEADLINE
  #memory: Memory | undefined
  #words = new Int32Array(0)
  /** Where the driver's cells lie among the words. */
  #cells = 0
  /** As the driver had them at the last look. */
  #serial = -1
  #place = 0
  #function = 0
  #budgetMs = NO_DEADLINE
  #at = NO_DEADLINE
  /** The thread's time when it was first asked for this call. */
  #askedAt: number | null = null

  /** @param mark shared with the watchdog, laid out as `MARK`. */
  constructor(mark: Int32Array) {
    this.#mark = mark
  }

  limit(timeMs: number): void {
    this.#timeMs = timeMs
  }

  /** @param address of the driver's cells. */
  watch(memory: Memory, address: number): void {
    this.#memory = memory
    this.#cells = address / WORD_BYTES
  }

  /** Called by the driver, whose cells have changed. */
  marked(): void {
    if (this.#isWatching) this.#look(!this.#isLooping)
  }

  /** Called by the interpreter every few dozen steps, so that the deadline needs no second thread. */
  polled(): number {
    if (!this.#isWatching) return 0
    if (this.#isLooping) this.#look(false)
    if (this.#at === NO_DEADLINE) return 0
    const now = performance.now()
    if (this.#at === START_AT_NEXT_POLL) {
      this.#at = now + this.#budgetMs * MIN_CHECKED_SHARE
      this.#askedAt = null
    }
    if (now <= this.#at) return 0
    const left = this.#left()
    this.#at = now + (left > 0 ? left : INTERRUPT_AGAIN_MS)
    return left > 0 ? 0 : SIGINT
  }

  /** Milliseconds that the call may still have a core for. */
  #left(): number {
    const time = ownCoreTime()
    this.#askedAt ??= time
    return this.#budgetMs * (1 - MIN_CHECKED_SHARE) - (time - this.#askedAt)
  }

  /** So long the interpreter waited for the host: that is no time of its own. */
  paused(ms: number): void {
    this.#at += ms
  }

  /** The interpreter ended within a call: it stands where that began. */
  ended(): void {
    if (this.#isWatching) this.#look(true)
  }

  /** Memory that grew is another buffer, and words of the old one are none. */
  get #isWatching(): boolean {
    if (this.#memory !== undefined && this.#words.length === 0)
      this.#words = new Int32Array(this.#memory.buffer)
    return this.#memory !== undefined
  }

  get #isLooping(): boolean {
    return this.#cell(CELL.loop) !== 0
  }

  /** What goes on unchanged is not told again, and keeps its budget. */
  #look(isExact: boolean): void {
    const serial = this.#cell(CELL.serial)
    const place = this.#isLooping ? this.#word(this.#cell(CELL.loop) / WORD_BYTES + NEXT_PLACE) : 0
    const isNew = serial !== this.#serial || place !== this.#place
    if (!isNew && !isExact && this.#cell(CELL.function) === this.#function) return
    this.#serial = serial
    this.#place = place
    this.#function = this.#cell(CELL.function)
    this.#tell(isExact)
    if (isNew) this.#renew()
  }

  #tell(isExact: boolean): void {
    const mark = this.#mark
    mark[MARKER_CELLS.body] = this.#cell(CELL.body)
    mark[MARKER_CELLS.item] = this.#isLooping
      ? this.#word(this.#cell(CELL.items) / WORD_BYTES + Math.max(this.#place - 1, 0))
      : this.#cell(CELL.item)
    mark[MARKER_CELLS.function] = this.#function
    mark[MARKER_CELLS.isExact] = Number(isExact)
  }

  #renew(): void {
    const mark = this.#mark
    this.#budgetMs = budgetMs(
      { body: mark[MARKER_CELLS.body]!, item: mark[MARKER_CELLS.item]! },
      this.#timeMs,
    )
    this.#at = this.#budgetMs === NO_DEADLINE ? NO_DEADLINE : START_AT_NEXT_POLL
    // Last: a reader that sees the new serial sees the rest.
    Atomics.add(mark, MARKER_CELLS.serial, 1)
  }

  #cell(which: number): number {
    return this.#word(this.#cells + which)
  }

  /** A body may have put any number into the cells. */
  #word(at: number): number {
    return this.#words[at] ?? 0
  }
}
