/** Objects share what is known of their keys only where they have the same keys in the same order. */
import { expect, it } from 'vitest'
import { ABSENT, lookUp } from '../../../src/engine/worker/guard/guard-lookup.ts'
import { shapeOf } from '../../../src/engine/worker/guard/object-shape.ts'
import { seededRandom } from '../../support/random.ts'

const NAMES = ['a', 'A', 'bc', 'bC', 'BC', 'd', '1', 'longer']
const random = seededRandom(11)

function record(): Record<string, number> {
  const names = Array.from({ length: Math.floor(random() * 6) }, () => NAMES[Math.floor(random() * 8)]!)
  // The number of fillers makes many shapes of one length.
  const filler = `filler${Math.floor(random() * 40)}`
  return Object.fromEntries([...names, filler].map((name, at) => [name, at]))
}

function slowLookUp(object: Record<string, number>, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name]
  const own = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase())
  return own === undefined ? ABSENT : object[own]
}

it('a lookup finds the same value as a search of all keys, whatever was looked up before', () => {
  for (let round = 0; round < 20_000; round++) {
    const object = record()
    const name = NAMES[Math.floor(random() * 8)]!
    expect([object, lookUp(object, name)]).toEqual([object, slowLookUp(object, name)])
  }
})

it('objects with the same keys in the same order share a shape, and those in another order do not', () => {
  expect(shapeOf({ x: 1, y: 2 })).toBe(shapeOf({ x: 3, y: null }))
  expect(shapeOf({ y: 1, x: 2 })).not.toBe(shapeOf({ x: 3, y: 4 }))
})

it('a shape with a key of other than ASCII characters has no spellings', () => {
  expect(shapeOf({ a: 1, é: 2 }).byLowerCase).toBeNull()
})
