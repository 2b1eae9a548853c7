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

interleavingContract('sqlite', async () => {
  const url = `sqlite:${files++}.db`
  return () => openStore(url, { clock: manualClock(EVENT_AT), projectRoot: root })
})

describeWithPostgres('PostgreSQL', (server) => {
  interleavingContract('postgres', async () => {
    const url = server().url()
    return () => openStore(url, { clock: manualClock(EVENT_AT), projectRoot: root })
  })
})
