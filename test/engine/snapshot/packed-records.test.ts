/** Packed texts are those that were packed, whatever characters they have. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PackedRecords, packRecords } from '../../../src/engine/snapshot/packed-records.ts'

it('packed records are found by their keys, with the same texts', () => {
  const text = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key }), (records) => {
      const packed = new PackedRecords(packRecords(records))
      expect(packed.keys()).toEqual(records.map(([key]) => key))
      for (const [key, value] of records) expect(packed.get(key)).toBe(value)
    }),
  )
})

it('a key that was not packed has no text, and nothing packed has no keys', () => {
  expect(new PackedRecords(packRecords([['a', 'b']])).get('b')).toBeNull()
  expect(new PackedRecords(null).keys()).toEqual([])
})
