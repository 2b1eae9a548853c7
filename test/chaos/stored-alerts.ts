/** Reads from the store what the daemon has counted, even while it runs. */
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'

/** @param root of the project. */
export async function storedAlerts(root: string) {
  const store = await openStore('sqlite:.signalbox/signalbox.db', {
    clock: systemClock,
    projectRoot: root,
    readOnly: true,
  })
  try {
    return await store.alerts({ limit: 1_000_000 })
  } finally {
    await store.close()
  }
}
