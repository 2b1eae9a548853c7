/** The sessions of people. */
import { expect, it } from 'vitest'
import { SESSION_TTL_MS, Sessions } from '../../../src/server/console/sessions.ts'

it('a token that signs in often ends its own oldest sessions, and no session of another token', () => {
  const sessions = new Sessions()
  const other = sessions.begin('other', 0)
  const own = Array.from({ length: 101 }, () => sessions.begin('busy', 0))
  expect(sessions.tokenOf(other, 1)).toBe('other')
  expect(sessions.tokenOf(own[0]!, 1)).toBeNull()
  expect(own.slice(1).map((id) => sessions.tokenOf(id, 1))).toEqual(Array(100).fill('busy'))
})

it('a session ends after its time', () => {
  const sessions = new Sessions()
  const id = sessions.begin('token', 0)
  expect(sessions.tokenOf(id, SESSION_TTL_MS - 1)).toBe('token')
  expect(sessions.tokenOf(id, SESSION_TTL_MS)).toBeNull()
})
