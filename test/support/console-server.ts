/** A console over a store in memory with alerts to show, at an address of this machine. */
import { join } from 'node:path'
import { tokenDigest } from '../../src/core/token-digest.ts'
import { createOperatorActs } from '../../src/daemon/access/operator-acts.ts'
import { createSilenceActs } from '../../src/daemon/access/silence-acts.ts'
import { createConsoleActs } from '../../src/daemon/console/console-acts.ts'
import { createConsoleReads } from '../../src/daemon/console/console-reads.ts'
import { NO_FACTS } from '../../src/model/events/facts.ts'
import { nullLog } from '../../src/model/ports.ts'
import type { AccessRules } from '../../src/server/access/access.ts'
import { Streams } from '../../src/server/api/change-stream.ts'
import { createConsole } from '../../src/server/console/console.ts'
import type { ConsolePorts } from '../../src/server/console/console-ports.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createServer } from '../../src/server/server.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { openProject } from '../../src/workspace/open-project.ts'
import { declaredRouteTable } from '../../src/workspace/routes/route-table-builder.ts'
import { manualClock } from './clock.ts'
import { fillStore } from './console-alerts.ts'

/** The time at which everything is shown. */
const NOW = Date.parse('2026-11-30T21:05:00Z')

export const TOKENS = {
  'operator-token-of-the-test': { name: 'ada', role: 'operator' },
  'viewer-token-of-the-test': { name: 'grace', role: 'viewer' },
  'ingest-token-of-the-test': { name: 'collector', role: 'ingest' },
} as const

const rules: AccessRules = {
  tokens: Object.entries(TOKENS).map(([token, { name, role }]) => ({
    name,
    role,
    digest: tokenDigest(token),
    expiresAt: null,
  })),
  proxy: null,
}

interface ConsoleOptions {
  readonly ports?: Partial<ConsolePorts>
  /** Absent: the tokens of `TOKENS`. */
  readonly rules?: AccessRules
  readonly fill?: (store: Store) => Promise<void>
  /** Absent: one in memory, at a time that stands still. */
  readonly store?: Store
}

export async function openConsole(options: ConsoleOptions = {}) {
  const root = join(import.meta.dirname, '..', '..')
  const project = await openProject({ root, log: nullLog, allowUnknownDestinations: true })
  if (typeof project.registry === 'string') throw new Error('the example project has no registry')
  const routed = { ...project, registry: project.registry }
  const clock = manualClock(NOW)
  const store = options.store ?? (await openStore('memory:', { clock, projectRoot: root }))
  await (options.fill ?? fillStore)(store)
  const streams = new Streams(store, () => performance.now())
  const ports: ConsolePorts = {
    ...createConsoleReads({
      store,
      project: () => routed,
      routes: () => declaredRouteTable(routed, NO_FACTS),
      unavailable: () => null,
      testNames: (id) => routed.detections.get(id)?.tests.map(({ name }) => name) ?? [],
    }),
    acts: createConsoleActs(
      createOperatorActs({
        store,
        project: () => routed,
        wake: () => {},
        sendTest: async ({ name }) => ({
          destination: name,
          durationMs: 12,
          result: { result: 'delivered', status: 200, message: '' },
        }),
      }),
      createSilenceActs({ store, project: () => routed }),
    ),
    streams,
    ...options.ports,
  }
  const server = createServer({
    log: nullLog,
    metrics: createMetrics(),
    rules: () => options.rules ?? rules,
    ready: () => ({ ok: true, reasons: [] }),
    clock: { now: () => store.now() },
    bodyBytes: 1_000_000,
    parts: [createConsole({ log: nullLog, ports })],
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${server.addresses[0]!.port}`,
    store,
    async close() {
      await streams.close()
      await server.close()
      await store.close()
    },
  }
}
