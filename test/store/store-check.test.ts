/** `store check` finds what is wrong with a store, and nothing in a sound one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import { checkStore } from '../../src/store/store-check.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { alert, commitCursor, delivery, expecting, plan, signal } from '../support/store-rows.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-check-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const check = (url: string) => checkStore(url, { projectRoot: root, environment: {}, now: Date.now() })

async function fill(url: string): Promise<void> {
  const store = await openStore(url, { clock: systemClock, projectRoot: root })
  await commitCursor(store, 's', '1', {
    alerts: [alert('a1', { events: 2 })],
    deliveries: [delivery('d1')],
    signals: [signal('r1', { alertId: 'a1' })],
  })
  await store.commit(
    plan({ merges: [{ alertId: 'a1', events: 3, lastEventAt: 1, logTypes: [] }] }),
    expecting(),
  )
  await store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: 3_600_000 })
  await store.claimPartitions({ sources: ['p#0'], limit: 1, leaseMs: 3_600_000, member: 'm' })
  await store.close()
}

const SOUND = { leases: { deliveries: 1, partitions: 1 } }

describe('a SQLite store', () => {
  it('that is sound has no fault', async () => {
    await fill('sqlite:sound.db')
    const report = await check('sqlite:sound.db')
    expect(report).toMatchObject({ ...SOUND, faults: [], events: { counted: 5, unfolded: 0 } })
    expect(report.tables).toContainEqual({ table: 'alert', rows: 1 })
    expect(report.schema.version).toBe(report.schema.newest)
  })

  it('with rows whose alert is missing has a fault', async () => {
    await fill('sqlite:orphans.db')
    const file = new DatabaseSync(join(root, 'orphans.db'))
    file.exec('PRAGMA foreign_keys = OFF; DELETE FROM alert_status; DELETE FROM delivery_item')
    file.close()
    expect((await check('sqlite:orphans.db')).faults.map(({ message }) => message)).toEqual([
      '1 alerts without a status',
      '1 deliveries without an alert',
    ])
  })
})

describeWithPostgres('a store in PostgreSQL', (server) => {
  /** The server of these tests does not sync, and has no autovacuum. */
  const settings = ['fsync is off', 'autovacuum is off']
  const faultsOf = async (url: string) =>
    (await check(url)).faults.map(({ message }) => message).filter((message) => !settings.includes(message))

  it('that is sound has no fault but settings of its server', async () => {
    const url = server().url()
    await fill(url)
    const report = await check(url)
    expect(report).toMatchObject({ ...SOUND, replicas: [] })
    expect(report.events.counted + report.events.unfolded).toBe(5)
    expect(report.faults.map(({ message }) => message)).toEqual(settings)
    expect(report.tables).toContainEqual({ table: 'alert', rows: 1 })
    expect(report.schema.version).toBe(report.schema.newest)
  })

  it.each<[string, string, RegExp]>([
    ['rows whose alert is missing', 'DELETE FROM alert_status', /^1 alerts without a status$/],
    [
      'a counter behind its signals',
      "UPDATE counter SET value = 0 WHERE name = 'signal'",
      /^signal has numbers/,
    ],
    ['a sequence behind its rows', 'ALTER TABLE alert ALTER seq RESTART WITH 1', /^alert has numbers/],
    ['an older schema', 'UPDATE schema_version SET version = 1', /^the schema has the version 1/],
  ])('with %s has a fault', async (_, sql, message) => {
    const url = server().url()
    await fill(url)
    const schema = new URL(url).searchParams.get('schema')
    server().sql(`SET search_path = ${schema}; ${sql}`)
    expect(await faultsOf(url)).toEqual([expect.stringMatching(message)])
  })

  it('whose user does not wait for the disk has a fault', async () => {
    const url = server().url()
    await fill(url)
    server().sql('CREATE ROLE careless SUPERUSER LOGIN; ALTER ROLE careless SET synchronous_commit = off')
    expect(await faultsOf(url.replace('postgres@', 'careless@'))).toEqual(['synchronous_commit is off'])
  })
})
