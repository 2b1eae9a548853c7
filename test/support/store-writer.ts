/**
 * A child process that opens the store of its arguments and commits until it is killed. It prints each number when
 * its commit is acknowledged.
 */
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import { expecting, plan, signal } from './store-rows.ts'

const [url = '', projectRoot = ''] = process.argv.slice(2)
const store = await openStore(url, { clock: systemClock, projectRoot })
await store.join({ name: 'store-writer', hostId: 'h' })

const held = await store.take('writer')
const first = Number(held.cursor ?? 0) + 1
for (let n = first; ; n++) {
  const written = plan({ cursors: [{ source: 'writer', cursor: String(n) }], signals: [signal(String(n))] })
  const version = held.version + n - first
  if ((await store.commit(written, expecting({}, {}, [{ ...held, version }]))) !== 'ok')
    throw new Error('not committed')
  process.stdout.write(`${n}\n`)
}
