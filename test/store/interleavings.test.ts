/** Two writers over one database, in forced interleavings. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { interleavingContract } from '../contract/store-interleavings.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT } from '../support/evaluated-events.ts'
import { describeWithPostgres } from '../support/postgres.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-interleaved-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let files = 0
const openerOf = async (url: string) => () =>
  openStore(url, { clock: manualClock(EVENT_AT), projectRoot: root })

interleavingContract('sqlite', () => openerOf(`sqlite:${files++}.db`))

describeWithPostgres('PostgreSQL', (server) => {
  interleavingContract('postgres', () => openerOf(server().url()))
})
