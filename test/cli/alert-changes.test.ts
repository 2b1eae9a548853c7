/** `alerts ack|resolve|reopen|assign|comment` beside a real store in a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { withDate } from '../support/date.ts'
import { alert, delivery, expecting, plan, subscription } from '../support/store-rows.ts'
import { signalbox } from './fake-io.ts'

const FIRST = `aa11${'0'.repeat(28)}`
const SECOND = `aa22${'0'.repeat(28)}`
/** The commands take the date of the process. */
const NOW = Date.UTC(2026, 0, 31, 12)
withDate(NOW)

let root: string
let store: Store

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  writeFileSync(join(root, 'signalbox.yaml'), 'store: sqlite:test.db\n')
  store = await openStore('sqlite:test.db', { clock: manualClock(NOW), projectRoot: root })
  await store.reconcile({ knownKeys: ['soc'], renames: [], subscriptions: [subscription('soc')] })
  const alerts = [alert(FIRST, { createdAt: NOW }), alert(SECOND, { createdAt: NOW })]
  await store.commit(plan({ alerts, deliveries: [delivery('d1', { alertId: FIRST })] }), expecting())
})

afterEach(async () => {
  await store.close()
  rmSync(root, { recursive: true })
})

const run = (...argv: string[]) => signalbox([...argv, '--project', root])
const statusOf = async (id: string) => (await store.alert(id))!.status
const history = async (id: string) => {
  const rows = await store.audit({ subject: { kind: 'alert', id }, limit: 10 })
  return rows.slice(1).map(({ actor, via, verb, after, note }) => [actor, via, verb, after, note])
}

describe('a change of alerts', () => {
  it('is written for each alert that is named, with who made it', async () => {
    const options = ['--as', 'ann', '--note', 'on it', '--assignee', 'eve']
    const { code, out, err } = await run('alerts', 'ack', 'aa11', 'aa22', ...options)
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(
      'aa1100000000 is acknowledged, assigned to eve\naa2200000000 is acknowledged, assigned to eve\n',
    )
    for (const id of [FIRST, SECOND])
      expect(await history(id)).toEqual([['ann', 'cli', 'acknowledged', 'acknowledged', 'on it']])
  })

  it('is made by the user of the host if no name is given', async () => {
    await run('alerts', 'comment', 'aa11', 'a reboot')
    const actor = `${userInfo().username}@${hostname()}`
    expect(await history(FIRST)).toEqual([[actor, 'cli', 'commented', 'open', 'a reboot']])
  })

  it('creates the updates that destinations asked for', async () => {
    expect((await run('alerts', 'resolve', 'aa11', '--reason', 'fixed')).code).toBe(0)
    const [update] = await store.deliveries({ kind: 'update', limit: 5 })
    expect(update).toMatchObject({ destination: 'soc', update: { events: ['resolved'] } })
  })

  it('goes from open to resolved and back, and is listed by its status and assignee', async () => {
    await run('alerts', 'resolve', 'aa11', '--reason', 'false-positive')
    await run('alerts', 'assign', 'aa22', 'eve')
    const listed = async (...filter: string[]) => {
      const { out } = await run('alerts', 'list', '--format', 'json', ...filter)
      return (JSON.parse(out) as { alerts: { id: string }[] }).alerts.map(({ id }) => id)
    }
    expect(await listed('--status', 'resolved')).toEqual([FIRST])
    expect(await listed('--assignee', 'eve')).toEqual([SECOND])
    expect(await listed('--status', 'resolved', '--assignee', 'eve')).toEqual([])
    await run('alerts', 'reopen', 'aa11')
    await run('alerts', 'assign', 'aa22', '')
    expect(await statusOf(FIRST)).toMatchObject({ status: 'open', reason: null })
    expect(await listed('--assignee', 'eve')).toEqual([])
  })

  it('that comes late or twice says so', async () => {
    const resolve = ['alerts', 'resolve', 'aa11', '--reason', 'expected', '--as', 'ann']
    await run(...resolve)
    expect((await run(...resolve)).out).toBe('aa1100000000 is resolved: expected already\n')
    const late = await run('alerts', 'ack', 'aa11', '--as', 'bob')
    expect(late.out).toBe(
      'aa1100000000 is resolved: expected already: the acknowledgement is recorded as a comment\n',
    )
    expect((await statusOf(FIRST)).status).toBe('resolved')
  })

  it('of an alert that does not exist changes none of the others', async () => {
    const { code, err } = await run('alerts', 'ack', 'aa11', 'ffff')
    expect(code).toBe(2)
    expect(err).toContain('alert "ffff" not found [unknown-id]')
    expect((await statusOf(FIRST)).status).toBe('open')
  })

  it.each<[title: string, argv: string[], message: string]>([
    ['no reason', ['resolve', 'aa11'], 'alerts resolve requires --reason [missing-option]'],
    [
      'an unknown reason',
      ['resolve', 'aa11', '--reason', 'done'],
      "option '--reason <reason>' argument 'done' is invalid",
    ],
    [
      'a long note',
      ['ack', 'aa11', '--note', 'x'.repeat(2_001)],
      'the note has 2001 characters, and 2000 are allowed',
    ],
    ['a long name', ['assign', 'aa11', 'x'.repeat(65)], 'the assignee has 65 characters, and 64 are allowed'],
  ])('is refused with %s', async (_, argv, message) => {
    const { code, err } = await run('alerts', ...argv)
    expect(code).toBe(2)
    expect(err).toContain(message)
    expect(await history(FIRST)).toEqual([])
  })

  it('is printed as JSON', async () => {
    const { out } = await run('alerts', 'ack', 'aa11', '--assignee', 'eve', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({
      version: 1,
      changes: [{ result: 'changed', alert: { id: FIRST, status: 'acknowledged', assignee: 'eve' } }],
    })
  })

  it('is in the history that alerts show prints, with control characters escaped', async () => {
    await run('alerts', 'assign', 'aa11', 'eve', '--as', 'ann')
    await run('alerts', 'assign', 'aa11', '', '--as', 'ann')
    await run('alerts', 'resolve', 'aa11', '--reason', 'expected', '--as', 'ann', '--note', 'drill\u001b[2J')
    const { out } = await run('alerts', 'show', 'aa11')
    expect(out).toContain('status     resolved: expected\n')
    expect(out).toContain('ann (cli)  assigned to eve\n')
    expect(out).toContain('ann (cli)  unassigned\n')
    expect(out).toContain('  2026-01-31 12:00:00Z  ann (cli)  resolved: expected: drill\\u001b[2J\n')
    const shown = JSON.parse((await run('alerts', 'show', 'aa11', '--format', 'json')).out) as object
    expect(shown).toMatchObject({ status: 'resolved', audit: { 3: { actor: 'ann', verb: 'resolved' } } })
  })
})
