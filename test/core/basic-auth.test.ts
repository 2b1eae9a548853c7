/** HTTP Basic authentication. */
import { expect, it } from 'vitest'
import { basicAuth } from '../../src/core/basic-auth.ts'

it.each([
  ['Aladdin', 'open sesame', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
  ['', 'token', 'Basic OnRva2Vu'],
  ['ü', '€', 'Basic w7w64oKs'],
])('the credentials %s and %s are encoded as UTF-8', (user, password, value) => {
  expect(basicAuth(user, password)).toBe(value)
})
