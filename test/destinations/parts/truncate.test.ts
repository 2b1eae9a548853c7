import { expect, it } from 'vitest'
import { Truncation } from '../../../src/destinations/parts/truncate.ts'

const cut = (text: string, limit: number) => new Truncation().text('text', text, limit)

it.each([
  ['aa&amp;bb', [3, 4, 5, 6, 7], 'aa…'],
  ['aa&#128512;bb', [4, 8, 11], 'aa…'],
  ['aa\\*bb', [4], 'aa…'],
  ['aa%7Cbb', [4, 5], 'aa…'],
])('an escape is not divided: %s', (text, limits, expected) => {
  for (const limit of limits) expect(cut(text, limit)).toBe(expected)
})

it('text beside an escape is cut where the limit is', () => {
  expect(cut('aa&amp;bb', 8)).toBe('aa&amp;…')
  expect(cut('aa & bb; cc', 8)).toBe('aa & bb…')
})

it('repeated texts are kept once, and a note counts those that are left out', () => {
  const truncation = new Truncation()
  expect(truncation.distinct('tags', ['a', 'b', 'a'], 2)).toEqual(['a', 'b'])
  expect(truncation.notes).toEqual([])
  expect(truncation.distinct('tags', ['a', 'b', 'a', 'c', 'd'], 2)).toEqual(['a', 'b'])
  expect(truncation.notes).toEqual(['left out 2 of 4 tags'])
})
