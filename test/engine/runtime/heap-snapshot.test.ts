/** Restoring a snapshot over its base gives exactly the memory of which it was taken. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { resetTo, restoreSnapshot, takeSnapshot } from '../../../src/engine/runtime/heap-snapshot.ts'

const PAGE = 4096
const PAGES = 12

/** Pages of one value each; most are zero, as in an interpreter's memory. */
const memory = fc
  .array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
    ),
    {
      minLength: PAGES,
      maxLength: PAGES,
    },
  )
  .map((values) => memoryOf(values))

function memoryOf(values: readonly number[]): ArrayBuffer {
  const bytes = new Uint8Array(values.length * PAGE)
  values.forEach((value, page) => {
    // Changes are anywhere in a page, not only at its ends.
    bytes[page * PAGE + ((value * 997) % PAGE)] = value
  })
  return bytes.buffer
}

it('a snapshot restores the memory into a buffer of zeros', () => {
  fc.assert(
    fc.property(memory, (before) => {
      const restored = new ArrayBuffer(before.byteLength)
      restoreSnapshot(restored, takeSnapshot(before))
      expect(Buffer.from(restored).equals(Buffer.from(before))).toBe(true)
    }),
  )
})

it('a snapshot restores the memory over another snapshot', () => {
  fc.assert(
    fc.property(memory, memory, (before, after) => {
      const base = takeSnapshot(before)
      const restored = new ArrayBuffer(before.byteLength)
      restoreSnapshot(restored, base)
      restoreSnapshot(restored, takeSnapshot(after, base))
      expect(Buffer.from(restored).equals(Buffer.from(after))).toBe(true)
    }),
  )
})

it('a snapshot contains only the pages that differ', () => {
  const before = memoryOf([1, 2, 0, 3])
  const after = memoryOf([1, 0, 0, 2])
  const pages = (bytes: number) => Math.floor(bytes / PAGE)
  expect(pages(takeSnapshot(before).length)).toBe(3)
  expect(pages(takeSnapshot(after, takeSnapshot(before)).length)).toBe(2)
  expect(pages(takeSnapshot(before, takeSnapshot(before)).length)).toBe(0)
})

it('a snapshot can be restored into a larger memory, and leaves the rest of it unchanged', () => {
  const snapshot = takeSnapshot(memoryOf([0, 1]))
  const larger = new Uint8Array(4 * PAGE).fill(7, 3 * PAGE)
  restoreSnapshot(larger.buffer, snapshot)
  expect([...new Set(larger.subarray(3 * PAGE))]).toEqual([7])
  expect(Buffer.from(larger.subarray(0, 2 * PAGE)).equals(Buffer.from(memoryOf([0, 1])))).toBe(true)
})

it('a memory is reset to it, whatever was written since', () => {
  fc.assert(
    fc.property(memory, memory, (before, since) => {
      resetTo(since, takeSnapshot(before))
      expect(Buffer.from(since).equals(Buffer.from(before))).toBe(true)
    }),
  )
})

it('holds pages far apart in a memory of several MiB, and no page of zeros between them', () => {
  const pages = 1_000
  const sparse = fc.uniqueArray(fc.nat(pages - 1), { maxLength: 6 })
  const sparseMemory = (used: readonly number[], value: number) => {
    const bytes = new Uint8Array(pages * PAGE)
    for (const page of used) bytes[page * PAGE + PAGE - 1] = value
    return bytes.buffer
  }
  fc.assert(
    fc.property(sparse, sparse, (before, after) => {
      const base = takeSnapshot(sparseMemory(before, 1))
      expect(Math.floor(base.length / PAGE)).toBe(before.length)
      const memory = sparseMemory(after, 2)
      resetTo(memory, base)
      expect(Buffer.from(memory).equals(Buffer.from(sparseMemory(before, 1)))).toBe(true)
      restoreSnapshot(memory, takeSnapshot(sparseMemory(after, 2), base))
      expect(Buffer.from(memory).equals(Buffer.from(sparseMemory(after, 2)))).toBe(true)
    }),
    { numRuns: 30 },
  )
})
