import { expect, it } from 'vitest'
import { parseReporters } from '../../src/cli/test-run/selection.ts'

const known = ['pretty', 'json']

it.each([
  [['pretty'], [{ name: 'pretty', file: null }]],
  [
    ['json=out/a=b.json', 'pretty'],
    [
      { name: 'json', file: 'out/a=b.json' },
      { name: 'pretty', file: null },
    ],
  ],
  [
    ['json=a', 'json=b'],
    [
      { name: 'json', file: 'a' },
      { name: 'json', file: 'b' },
    ],
  ],
])('%j', (texts, expected) => {
  expect(parseReporters(texts, known)).toEqual(expected)
})

it.each([[['tap']], [['json=']], [['']], [['pretty', 'json']]])('%j is refused', (texts) => {
  expect(() => parseReporters(texts, known)).toThrow(/unknown reporter|only one reporter/)
})
