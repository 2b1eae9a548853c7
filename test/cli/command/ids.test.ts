import { expect, it } from 'vitest'
import { resolveId } from '../../../src/cli/command/ids.ts'

const ids = ['aa11', 'aa12', 'ab00', 'a']

it.each([
  ['aa11', 'aa11'],
  ['AA12', 'aa12'],
  ['ab', 'ab00'],
  ['a', 'a'],
])('%s is %s', (text, expected) => {
  expect(resolveId(text, ids, 'alert')).toBe(expected)
})

it.each([
  ['aa', 'ambiguous id "aa": matches 2 alerts'],
  ['ff', 'alert "ff" not found'],
])('%s is refused', (text, message) => {
  expect(() => resolveId(text, ids, 'alert')).toThrow(message)
})

it('the hint for an unknown id names the command that lists ids', () => {
  expect(() => resolveId('ff', ids, 'delivery')).toThrow(
    expect.objectContaining({ hint: 'list the newest with `signalbox deliveries list`' }),
  )
})
