import { expect, it } from 'vitest'
import { resolveId } from '../../src/cli/command/ids.ts'

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
  ['aa', '"aa" is the beginning of 2 ids'],
  ['ff', 'there is no alert "ff"'],
])('%s is refused', (text, message) => {
  expect(() => resolveId(text, ids, 'alert')).toThrow(message)
})

it('tells where the ids are', () => {
  expect(() => resolveId('ff', ids, 'delivery')).toThrow(
    expect.objectContaining({ hint: '`signalbox deliveries list` shows the newest' }),
  )
})
