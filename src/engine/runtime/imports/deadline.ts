/**
 * WORKER THREAD. Follows the interpreter from its own thread: writes the progress marker for the watchdog, and interrupts
 * project code that exceeds its time budget. See docs/decisions/0003-marks-through-a-clock.md.
 *
 * The driver keeps its progress in cells of Python's memory (progress.py), and this class reads them directly. It does so
 * when the driver reports a change through `time.clock_getres`, and when the interpreter polls for signals, which it does
 * every few dozen bytecodes. An answer of SIGINT to a poll makes Python run the driver's signal handler, which raises.
 *
 * Most detections run in one Python loop over a list of events, without a call of the driver between two events. For these
 * the cells hold the address of the list iterator instead of an item. CPython's `listiterobject` is, in 32-bit words: [0]
 * the reference count, [1] the type, [2] `it_index`, the position that it yields next, [3] the list. So the word at offset
 * 2, minus one, is the position of the event that runs now, and `items` holds the address of an array that maps positions
 * to items. With another layout in a later version the position would be wrong, and with it the marker and the budgets:
 * the tests that blame one event of many would fail. Project code can write any number into the cells; one that leads outside of memory
 * reads as 0.
 *
 * A position that was read during a poll can be out of date a moment later. Such a marker is inexact, and no body is blamed
 * on the strength of it; see docs/decisions/0013-nothing-is-blamed-on-a-marker-alone.md.
 */

import { budgetMs, MARKER_CELLS } from '../../protocol/progress-marker.ts'
import { ownCoreTime } from '../core-time.ts'
import type { Memory } from './host-import.ts'

/** The driver's cells, with the layout of progress.py. A new serial starts a new budget. */
export const CELL = {
  serial: 0,
  body: 1,
  item: 2,
  function: 3,
  iterator: 4,
  items: 5,
  startReads: 6,
} as const
/** The offset in words of `it_index` in a list iterator. */
const NEXT_POSITION_WORD = 2
const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT

const SIGINT = 2
/** The interval between two interrupts, in which the signal handler must get to run. */
const INTERRUPT_INTERVAL_MS = 20
const NO_DEADLINE = Number.POSITIVE_INFINITY
/** Most calls end before the second poll, so the clock is read from the next poll on. */
const START_AT_NEXT_POLL = Number.NEGATIVE_INFINITY
/** Reading the core time costs a microsecond, so it is read after this share of the budget has passed. */
const MIN_CHECKED_SHARE = 0.1

export class Deadline {
  readonly #marker: Int32Array
  #timeMs = NO_DEADLINE
  #memory: Memory | undefined
  #words = new Int32Array(0)
  /** The index of the driver's cells among the words. */
  #cells = 0
  /** The values of the last read. */
  #serial = -1
  #position = 0
  #function = 0
  #budgetMs = NO_DEADLINE
  #nextCheckAt = NO_DEADLINE
  /** The core time when it was first read for this call. */
  #startCoreTimeMs: number | null = null

  /** @param marker is shared with the watchdog and has the layout of `MARKER_CELLS`. */
  constructor(marker: Int32Array) {
    this.#marker = marker
  }

  setBudget(timeMs: number): void {
    this.#timeMs = timeMs
  }

  /** @param address is the address of the driver's cells. */
  watch(memory: Memory, address: number): void {
    this.#memory = memory
    this.#cells = address / WORD_BYTES
  }

  /** Is called by the driver when its cells have changed. */
  onMarker(): void {
    if (this.#isWatching) this.#readCells(!this.#isLooping)
  }

  /** Is called by the interpreter every few dozen bytecodes. Returns the signal to raise, or 0. */
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
    this.#nextCheckAt = now + (remainingMs > 0 ? remainingMs : INTERRUPT_INTERVAL_MS)
    return remainingMs > 0 ? 0 : SIGINT
  }

  /** Returns for how many milliseconds the call may still have a core. */
  #remainingMs(): number {
    const coreTimeMs = ownCoreTime()
    this.#startCoreTimeMs ??= coreTimeMs
    return this.#budgetMs * (1 - MIN_CHECKED_SHARE) - (coreTimeMs - this.#startCoreTimeMs)
  }

  /** Extends the budget by the time for which the interpreter waited for the main thread. */
  addPause(ms: number): void {
    this.#nextCheckAt += ms
  }

  /** Is called when the interpreter has ended within a call. The marker is exact then. */
  onEnd(): void {
    if (this.#isWatching) this.#readCells(true)
  }

  /** Renews the view on the memory if the memory has grown, because the old view is then empty. */
  get #isWatching(): boolean {
    if (this.#memory !== undefined && this.#words.length === 0)
      this.#words = new Int32Array(this.#memory.buffer)
    return this.#memory !== undefined
  }

  get #isLooping(): boolean {
    return this.#cell(CELL.iterator) !== 0
  }

  /** Writes the marker if a cell has changed. A new serial or position also restarts the budget. */
  #readCells(isExact: boolean): void {
    const serial = this.#cell(CELL.serial)
    const position = this.#isLooping
      ? this.#word(this.#cell(CELL.iterator) / WORD_BYTES + NEXT_POSITION_WORD)
      : 0
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
    // The serial is written last, so a reader that sees it also sees the other cells.
    Atomics.add(marker, MARKER_CELLS.serial, 1)
  }

  #cell(which: number): number {
    return this.#word(this.#cells + which)
  }

  /** Reads a word, or 0 if the address is outside of the memory: a body may write any number into the cells. */
  #word(at: number): number {
    return this.#words[at] ?? 0
  }
}
