import { createDelivery, type Delivery } from '../src/delivery/delivery.ts'
import { createHttpClient, DEFAULT_HTTP_LIMITS } from '../src/delivery/http/http-client.ts'
import { SEVERITIES } from '../src/model/alerts/severity.ts'
import type { EvaluatedEvent } from '../src/model/events/evaluation.ts'
import { nullLog, nullMetrics, systemClock } from '../src/model/ports.ts'
import { createPipeline } from '../src/pipeline/pipeline.ts'
import { openStore } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'
import { loadDestinationType } from '../src/workspace/destinations/load-destination-types.ts'
import { destination, detection, finding, identity, project, registry } from '../test/support/model.ts'

export interface DeliveryHarness {
  readonly delivery: Delivery
  readonly store: Store
  /** The time at which each alert was committed, in epoch milliseconds with fractions. */
  readonly acceptedAt: ReadonlyMap<string, number>
  /** Commits so many different alerts in one batch, numbered from `from`. */
  accept(count: number, from: number): Promise<void>
  close(): Promise<void>
}

/** The number is lower than the limiter's alerts per detection and hour. */
const ALERTS_PER_DETECTION = 500
const MAX_ALERTS = 10_000

/** @param urls one destination for each, with at most `concurrency` deliveries in flight. */
export async function openDeliveryHarness(
  folder: string,
  urls: readonly string[],
  concurrency = 8,
): Promise<DeliveryHarness> {
  const declared = registry(
    urls.map((url, i) =>
      destination(`receiver-${i}`, { severities: SEVERITIES, options: { url }, concurrency }),
    ),
  )
  const detections = Array.from({ length: MAX_ALERTS / ALERTS_PER_DETECTION }, (_, i) =>
    detection({ id: `Bench.Rule${i}` }),
  )
  const content = project(detections, declared)
  const store = await openStore('sqlite:bench.db', { clock: systemClock, projectRoot: folder })
  // The type is loaded once, as the daemon does.
  const webhook = await loadDestinationType('webhook')
  const http = createHttpClient(DEFAULT_HTTP_LIMITS)
  const acceptedAt = new Map<string, number>()
  const pipeline = createPipeline({
    store,
    project: () => content,
    onAdmitted: (admitted) => {
      const now = performance.timeOrigin + performance.now()
      for (const each of admitted) if (each.action === 'created') acceptedAt.set(each.alert.id, now)
      delivery.wake()
    },
  })
  const delivery = createDelivery({
    store,
    registry: declared,
    types: async () => webhook,
    secrets: { reveal: async (options) => ({ options, redact: (text) => text }) },
    http,
    clock: systemClock,
    random: Math.random,
    log: nullLog,
    metrics: nullMetrics,
    admit: (findings) => pipeline.admitSystem(findings),
    print: async () => {},
    projectRoot: folder,
    version: '0.0.0',
    cluster: () => ({ generation: 'g', orphanAfterMs: 0 }),
  })
  return {
    delivery,
    store,
    acceptedAt,
    accept: async (count, from) => {
      const events = Array.from({ length: count }, (_, i) => matchedEvent(from + i))
      await pipeline.admit({ queue: 'bench', events, claim: null, cursor: null })
    },
    close: async () => {
      await delivery.stop()
      await http.close()
      await store.close()
    },
  }
}

function matchedEvent(number: number): EvaluatedEvent {
  const event = identity({ seq: number, rowId: `row-${number}`, at: Date.now() })
  const functions = {
    detection: { output: true },
    title: { output: `user ${number} signed in without a second factor` },
    alert_context: { output: JSON.stringify({ user: `user-${number}`, ip: '192.0.2.1', tries: number }) },
  }
  const detectionId = `Bench.Rule${Math.floor(number / ALERTS_PER_DETECTION)}`
  return {
    envelope: {
      source: 'bench',
      seq: number,
      kind: 'log',
      type: 'AWS.CloudTrail',
      receivedAt: event.at,
      raw: '{}',
      position: `event ${number}`,
    },
    outcome: {
      status: 'evaluated',
      at: event.at,
      ownRowId: null,
      findings: [finding(functions, { event, detection: detectionId })],
    },
  }
}
