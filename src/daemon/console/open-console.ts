/** Joins the console with the store, the project and the delivery of the daemon. */
import type { Streams } from '../../server/api/change-stream.ts'
import type { ServerPart } from '../../server/server.ts'
import { sendTestAlerts } from '../../workspace/destinations/test-alert.ts'
import type { DaemonOptions, Resources } from '../resources.ts'
import { createConsoleActs } from './console-acts.ts'
import { createConsoleReads } from './console-reads.ts'

const TEST_TIMEOUT_MS = 30_000

export function openConsole(
  { current, store, absence }: Pick<Resources, 'current' | 'store' | 'absence'>,
  { log, workspace, secretsDirs, print }: DaemonOptions,
  { streams, wake }: { readonly streams: Streams; readonly wake: () => void },
): ServerPart {
  const project = () => current.generation.project
  const reads = createConsoleReads({
    store,
    project,
    routes: () => current.generation.routes(),
    unavailable: () => absence.lastingReason,
    testNames: (id) => current.generation.testNames.get(id) ?? [],
  })
  const acts = createConsoleActs({
    store,
    project,
    wake,
    sendTest: async (destination) => {
      const [report] = await sendTestAlerts(project(), [destination], {
        workspace,
        secretsDirs,
        print,
        timeoutMs: TEST_TIMEOUT_MS,
      })
      return report!
    },
  })
  // It is loaded only where there is an address.
  return async (scope, access) => {
    const { createConsole } = await import('../../server/console/console.ts')
    await createConsole({ log, ports: { ...reads, acts, streams } })(scope, access)
  }
}
