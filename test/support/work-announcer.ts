/** A child process that opens the store of its arguments, brings back what is dead or announces work, and ends. */
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'

const [url = '', projectRoot = '', what = ''] = process.argv.slice(2)
const store = await openStore(url, { clock: systemClock, projectRoot })
if (what === 'retry') await store.retry({ states: ['dead'], limit: 10 })
else await store.announceWork()
await store.close()
