import { createDelivery, type Delivery } from '../../src/delivery/delivery.ts'
import type { DeliveryPorts } from '../../src/delivery/delivery-ports.ts'
import { createHttpClient } from '../../src/delivery/http/http-client.ts'
import { deliveryId, notificationJson } from '../../src/model/alerts/alert.ts'
import type { SystemFinding } from '../../src/model/alerts/finding.ts'
import type { Log } from '../../src/model/ports.ts'
import { type Destination, destinationKey, type Registry } from '../../src/model/project/destination.ts'
import { openStore } from '../../src/store/open.ts'
import type { AlertRow, NewDelivery, Store } from '../../src/store/store.ts'
import { loadDestinationType } from '../../src/workspace/destinations/load-destination-types.ts'
import { type ManualClock, manualClock } from './clock.ts'
import { testSecrets } from './secrets.ts'
import { alert, draft, expecting, plan, T0 } from './store-rows.ts'

export const loadDestination = loadDestinationType

export interface DeliveryHarness {
  readonly clock: ManualClock
  readonly store: Store
  readonly findings: SystemFinding[]
  /** Everything logged, as JSON. */
  readonly logged: string[]
  readonly printed: string[]
  /** The values of `${env:X}`; a test changes one to rotate a secret. */
  readonly environment: Record<string, string>
  /** A loop over the same store: a second call is the next start of the daemon. */
  open(registry: Registry, over?: Partial<DeliveryPorts>): Delivery
  /** Commits one alert with a delivery to each of the destinations. */
  send(
    id: string,
    destinations: readonly Destination[],
    over?: Partial<NewDelivery & AlertRow>,
  ): Promise<void>
  close(): Promise<void>
}

/**
 * If there is a folder, the store is a file in it: a second harness is then a restarted daemon. With a URL of PostgreSQL, a
 * second harness is another daemon.
 */
export async function openDeliveryHarness(
  folder?: string,
  clock = manualClock(T0),
  url = folder ? 'sqlite:store.db' : 'memory:',
): Promise<DeliveryHarness> {
  const store = await openStore(url, {
    clock,
    projectRoot: folder ?? '.',
  })
  const http = createHttpClient({ connectTimeoutMs: 5_000, totalTimeoutMs: 30_000, maxBodyBytes: 65_536 })
  const opened: Delivery[] = []
  const environment: Record<string, string> = {}
  const harness: Omit<DeliveryHarness, 'open' | 'send' | 'close'> = {
    clock,
    store,
    findings: [],
    logged: [],
    printed: [],
    environment,
  }
  const write = (fields: object, message: string) =>
    harness.logged.push(JSON.stringify({ ...fields, message }))
  const log: Log = { debug: write, info: write, warn: write, error: write }

  return {
    ...harness,
    open(registry, over = {}) {
      const delivery = createDelivery({
        store,
        registry,
        types: loadDestination,
        secrets: testSecrets(environment),
        http,
        clock,
        random: () => 0.5,
        log,
        metrics: { count() {}, observe() {} },
        admit: async (findings) => void harness.findings.push(...findings),
        projectRoot: '.',
        print: async (line) => void harness.printed.push(line),
        version: '0.0.0',
        cluster: () => ({ generation: 'g', orphanAfterMs: 0 }),
        ...over,
      })
      opened.push(delivery)
      return delivery
    },
    async send(id, destinations, over = {}) {
      const row = alert(id, {
        notification: notificationJson(draft({ title: `title of ${id}` }), id, T0, ''),
        kind: over.kind ?? 'RULE',
        ...(over.detection && { detection: over.detection }),
      })
      const deliveries = destinations.map((each) => newDelivery(id, each, clock.now(), over))
      await store.commit(plan({ alerts: [row], deliveries }), expecting())
    },
    async close() {
      await Promise.all(opened.map((each) => each.stop()))
      await http.close()
      await store.close()
    },
  }
}

function newDelivery(
  alertId: string,
  each: Destination,
  now: number,
  { due = now, createdAt = now, reason = 'static-destinations' }: Partial<NewDelivery>,
): NewDelivery {
  const key = destinationKey(each)
  return {
    id: deliveryId(alertId, key),
    alertId,
    destinationKey: key,
    destination: each.name,
    due,
    createdAt,
    reason,
  }
}
