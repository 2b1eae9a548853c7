import { expect, it } from 'vitest'
import { messageWithCode } from '../../../src/cli/format/message-with-code.ts'
import { errorText } from '../../../src/cli/program.ts'
import { UserError } from '../../../src/errors.ts'

it('the code of an error follows the first line of its message', () => {
  const error = new UserError('2 errors:\na.yml:1\nb.yml:2', {
    code: 'invalid-project',
    hint: 'correct them',
  })
  expect(messageWithCode(error)).toBe('2 errors: [invalid-project]\na.yml:1\nb.yml:2')
  expect(errorText(error)).toBe(
    'signalbox: 2 errors: [invalid-project]\na.yml:1\nb.yml:2\nhint: correct them\n',
  )
})

it('an error without a code is printed as it is', () => {
  const error = new UserError('it is broken at $&')
  expect(messageWithCode(error)).toBe('it is broken at $&')
  expect(errorText(error)).toBe('signalbox: it is broken at $&\n')
})
