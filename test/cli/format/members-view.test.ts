/** `status` lists the daemons of a shared store by their projects. */
import { expect, it } from 'vitest'
import { membersJson, membersTable } from '../../../src/cli/format/members-view.ts'
import { plainStyle } from '../../../src/reporters/parts/terminal-text.ts'
import type { MemberRow } from '../../../src/store/store.ts'
import { T0 } from '../../support/store-rows.ts'

const MINUTE_MS = 60_000
const member = (over: Partial<MemberRow>): MemberRow => ({
  id: 'id',
  name: 'signalbox run',
  host: 'a',
  hostId: 'h',
  pid: 1,
  version: '1.2.3',
  sources: [],
  since: T0,
  until: T0,
  generation: 1,
  isSelf: false,
  ...over,
})
const MEMBERS = [
  member({ host: 'old' }),
  member({ host: 'second', generation: 2, since: T0 + MINUTE_MS }),
  member({ host: 'first', generation: 2 }),
]

it('the newest project comes first, and its oldest daemon', () => {
  const lines = membersTable(MEMBERS, T0 + 75 * MINUTE_MS, plainStyle).split('\n')
  expect(lines[0]).toMatch(/^PROJECT +HOST +PROCESS +VERSION +AGE *$/)
  expect(lines[1]).toMatch(/^2 +first +1 +1\.2\.3 +1 h 15 min *$/)
  expect(lines[2]).toMatch(/^2 +second +1 +1\.2\.3 +1 h 14 min *$/)
  expect(lines[3]).toMatch(/^1 +old /)
  expect(membersJson(MEMBERS)[0]).toEqual({
    project: 2,
    host: 'first',
    pid: 1,
    version: '1.2.3',
    since: '2026-01-01T00:00:00.000Z',
  })
  expect(membersTable([], T0, plainStyle)).toBe('no daemons\n')
})
