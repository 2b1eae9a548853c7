/** Follows an interpreter's memory: what it reports to the watchdog, and when it interrupts. */
import { describe, expect, it } from 'vitest'
import { MARKER_CELL_COUNT, readMarker } from '../../../../src/engine/protocol/progress-marker.ts'
import { Deadline } from '../../../../src/engine/runtime/imports/deadline.ts'

const BUDGET_MS = 20
const INTERRUPT = 2
/** The addresses of the driver's cells, of a list's iterator and of the numbers of its items, in words. */
const [CELLS, ITERATOR, ITEMS] = [4, 20, 30]
const NEXT_PLACE = ITERATOR + 2

function running() {
  const words = new Int32Array(64)
  const mark = new Int32Array(new SharedArrayBuffer(MARKER_CELL_COUNT * 4))
  const deadline = new Deadline(mark)
  deadline.setBudget(BUDGET_MS)
  deadline.watch({ buffer: words.buffer }, CELLS * 4)
  const report = (...cells: number[]) => {
    words.set(cells, CELLS)
    deadline.onMarker()
  }
  return { deadline, words, report, seen: () => readMarker(mark) }
}

describe('a deadline', () => {
  it('follows a loop without a report for each event', () => {
    const { deadline, words, report, seen } = running()
    words.set([70, 80, 90], ITEMS)
    report(1, 5, 0, 0, ITERATOR * 4, ITEMS * 4)
    const before = seen().serial
    words[NEXT_PLACE] = 2
    expect(deadline.onPoll()).toBe(0)
    expect(seen()).toEqual({ serial: before + 1, body: 5, item: 80, function: 0, isExact: false })
    words[NEXT_PLACE] = 3
    deadline.onEnd()
    expect(seen()).toEqual({ serial: before + 2, body: 5, item: 90, function: 0, isExact: true })
  })

  it('counts only the time that the thread had a core', () => {
    const { deadline, report } = running()
    report(1, 5, 0, 0, 0, 0)
    expect(deadline.onPoll()).toBe(0)
    const cell = new Int32Array(new SharedArrayBuffer(4))
    // The first look starts the account of the call. Then the call has no core for many times its budget.
    Atomics.wait(cell, 0, 0, BUDGET_MS)
    expect(deadline.onPoll()).toBe(0)
    Atomics.wait(cell, 0, 0, BUDGET_MS * 10)
    expect(deadline.onPoll()).toBe(0)
    let polls = 0
    while (deadline.onPoll() !== INTERRUPT) polls++
    expect(polls).toBeGreaterThan(0)
  })

  it('a deadline never interrupts code outside of a body', () => {
    const { deadline, report } = running()
    report(1, -1, 0, 0, 0, 0)
    expect([deadline.onPoll(), deadline.onPoll()]).toEqual([0, 0])
  })
})
