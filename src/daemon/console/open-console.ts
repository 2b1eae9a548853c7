/** Joins the console with the store, the project and the delivery of the daemon. */
import type { ApiActs } from '../../server/api/api-ports.ts'
import type { Streams } from '../../server/api/change-stream.ts'
import type { ServerPart } from '../../server/server.ts'
import { createSilenceActs } from '../access/silence-acts.ts'
import type { DaemonOptions, Resources } from '../resources.ts'
import { createConsoleActs } from './console-acts.ts'
import { createConsoleReads } from './console-reads.ts'

export function openConsole(
  { current, store, absence }: Pick<Resources, 'current' | 'store' | 'absence'>,
  { log }: Pick<DaemonOptions, 'log'>,
  { streams, acts }: { readonly streams: Streams; readonly acts: ApiActs },
): ServerPart {
  const project = () => current.generation.project
  const reads = createConsoleReads({
    store,
    project,
    routes: () => current.generation.routes(),
    unavailable: () => absence.lastingReason,
    testNames: (id) => current.generation.testNames.get(id) ?? [],
  })
  const consoleActs = createConsoleActs(acts, createSilenceActs({ store, project }))
  // It is loaded only where there is an address.
  return async (scope, access) => {
    const { createConsole } = await import('../../server/console/console.ts')
    await createConsole({ log, ports: { ...reads, acts: consoleActs, streams } })(scope, access)
  }
}
