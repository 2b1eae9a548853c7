/** The newest alerts and deliveries, from which the console counts. They are read again when the sample is old. */
import type { AlertKind } from '../../model/alerts/alert-kind.ts'
import type { AlertStatus } from '../../model/alerts/alert-status.ts'
import type { Severity } from '../../model/alerts/severity.ts'
import type { DeliveryRow, DeliveryState, Store } from '../../store/store.ts'

const MAX_AGE_MS = 30_000
const WINDOW_MS = 30 * 86_400_000
const MAX_ALERTS = 5_000
const MAX_DELIVERIES = 2_000
const PAGE_SIZE = 500

/** What is counted of an alert. */
export interface SampledAlert {
  readonly at: number
  readonly detection: string
  readonly kind: AlertKind
  readonly severity: Severity
  readonly status: AlertStatus
}

export interface SampledDelivery {
  readonly at: number
  readonly state: DeliveryState
}

export interface AlertSample {
  /** The newest first, at most those of 30 days. */
  readonly alerts: readonly SampledAlert[]
  /** The time from which on the sample has every alert. */
  readonly alertsFrom: number
  readonly deliveries: readonly SampledDelivery[]
  readonly deliveriesFrom: number
  /** The newest delivery of the sample that was delivered, by the key of the destination. */
  readonly newestDelivered: ReadonlyMap<string, DeliveryRow>
}

type SampleStore = Pick<Store, 'now' | 'findAlerts' | 'deliveries'>

/** Returns a function that reads the sample, at most once in 30 seconds however many pages ask. */
export function createAlertSample(store: SampleStore): () => Promise<AlertSample> {
  let sample: Promise<AlertSample> | null = null
  let readAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = store.now()
    if (sample !== null && Math.abs(now - readAt) < MAX_AGE_MS) return sample
    readAt = now
    sample = readSample(store, now)
    // A store that could not be read is asked again by the next page.
    sample.catch(() => {
      sample = null
    })
    return sample
  }
}

async function readSample(store: SampleStore, now: number): Promise<AlertSample> {
  const since = now - WINDOW_MS
  const alerts: SampledAlert[] = []
  let before: string | null | undefined
  while (before !== null && alerts.length < MAX_ALERTS) {
    const page = await store.findAlerts({ since, limit: PAGE_SIZE, ...(before !== undefined && { before }) })
    for (const { createdAt, detection, kind, severity, status } of page.alerts)
      alerts.push({ at: createdAt, detection, kind, severity, status })
    before = page.next
  }
  const rows = await store.deliveries({ limit: MAX_DELIVERIES })
  const deliveries = rows
    .filter(({ kind }) => kind !== 'update')
    .map(({ createdAt: at, state }) => ({ at, state }))
  const delivered = rows.filter(({ state }) => state === 'delivered').toReversed()
  return {
    newestDelivered: new Map(delivered.map((row) => [row.destinationKey, row])),
    alerts,
    alertsFrom: before === null ? since : (alerts.at(-1)?.at ?? since),
    deliveries,
    deliveriesFrom: rows.length < MAX_DELIVERIES ? since : (deliveries.at(-1)?.at ?? since),
  }
}
