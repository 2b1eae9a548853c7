/** Two writers over one SQLite file, in forced interleavings. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { interleavingContract } from '../contract/store-interleavings.ts'
import { manualClock } from '../support/clock.ts'
import { EVENT_AT } from '../support/evaluated-events.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-interleaved-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let files = 0

interleavingContract('sqlite', async () => {
  const url = `sqlite:${files++}.db`
  return () => openStore(url, { clock: manualClock(EVENT_AT), projectRoot: root })
})
