/** Counters of the caching helpers that several members change, in forced interleavings. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { counterContract } from '../contract/store-counters.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT } from '../support/evaluated-events.ts'
import { describeWithPostgres } from '../support/postgres.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-counters-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let files = 0
const openerOf = async (url: string) => () =>
  openStore(url, { clock: manualClock(EVENT_AT), projectRoot: root })

counterContract('sqlite', () => openerOf(`sqlite:${files++}.db`))

describeWithPostgres('PostgreSQL', (server) => {
  counterContract('postgres', () => openerOf(server().url()))
})
