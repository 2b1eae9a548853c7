/** All stores keep the same promises. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { storeContract } from '../contract/store.ts'
import { manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-store-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let files = 0
const URLS = { memory: () => 'memory:', sqlite: () => `sqlite:stores/${files++}.db` }

for (const [name, url] of Object.entries(URLS)) {
  storeContract(name, async () => {
    const clock = manualClock()
    return { clock, store: await openStore(url(), { clock, projectRoot: root }) }
  })
}

describeWithPostgres('PostgreSQL', (server) => {
  storeContract('postgres', async () => {
    const clock = manualClock()
    return { clock, store: await openStore(server().url(), { clock, projectRoot: root }) }
  })
})
