/** What people read of anything that was thrown. */
import { expect, it } from 'vitest'
import { messageOf } from '../src/errors.ts'

it.each([
  [new Error('no such folder'), 'no such folder'],
  // What a worker threw arrives without its class.
  [
    { name: 'ExitStatus', message: 'Program terminated with exit(0)', status: 0 },
    'Program terminated with exit(0)',
  ],
  ['a text', 'a text'],
  [null, 'null'],
  [undefined, 'undefined'],
  [{ message: 4 }, '[object Object]'],
])('the message of %j is %j', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message)
})
