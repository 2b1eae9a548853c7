import { expect, it } from 'vitest'
import { differences, firstDifference, membership } from '../../src/reporters/parts/difference.ts'

it.each<[string, unknown, unknown, [string, boolean][]]>([
  ['equal', { a: 1 }, { a: 1, b: 2 }, []],
  ['a value deep inside', { a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }, [['a.b[1].c', false]]],
  ['a key that is missing', { a: 1, b: 2 }, { a: 1 }, [['b', true]]],
  ['lists of other lengths, as a whole', { a: [1] }, { a: [1, 2] }, [['a', false]]],
  ['other kinds', { a: {} }, { a: [] }, [['a', false]]],
  ['no own key of the actual value', { constructor: 1 }, {}, [['constructor', true]]],
  ['the whole', 'x', 'y', [['', false]]],
])('%s', (_name, expected, actual, places) => {
  expect(differences(expected, actual).map(({ path, missing }) => [path, missing])).toEqual(places)
})

it('firstDifference is the index of the first different character', () => {
  expect([firstDifference('abc', 'abd'), firstDifference('a', 'abc'), firstDifference('', '')]).toEqual([
    2, 1, 0,
  ])
})

it('membership lists missing and unexpected items', () => {
  expect(membership(['a', 'b'], ['b', 'c'])).toEqual({ lacking: ['a'], unexpected: ['c'] })
})
