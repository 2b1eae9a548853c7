/** Publishes the events at an even rate, and keeps what the reference run needs of them. */
import { pause } from '../producers.ts'
import { chaosEvents, type EventKind, type EventSettings, textOf } from './cluster-events.ts'
import type { BrokerEvent, EventBroker } from './event-broker.ts'

const BATCH_INTERVAL_MS = 200
const CORRELATED: readonly EventKind[] = ['First', 'Second', 'Request', 'Answer']

export interface Published {
  readonly events: number
  /** The events of correlation rules, in the order in which they were published. */
  readonly correlated: readonly string[]
}

export async function publishAll(
  broker: Pick<EventBroker, 'publish'>,
  settings: EventSettings & { readonly eventsPerSecond: number },
  hasFailed: () => boolean,
): Promise<Published> {
  const batchSize = Math.max(1, Math.round((settings.eventsPerSecond * BATCH_INTERVAL_MS) / 1_000))
  const correlated: string[] = []
  const startedAt = performance.now()
  let events = 0
  let batch: BrokerEvent[] = []
  const send = async () => {
    const dueAt = startedAt + (events * 1_000) / settings.eventsPerSecond
    await pause(Math.max(0, dueAt - performance.now()))
    await broker.publish(batch)
    events += batch.length
    batch = []
  }
  for (const { event, partition } of chaosEvents(settings)) {
    const text = textOf(event, settings.events)
    if (CORRELATED.includes(event.kind)) correlated.push(text)
    batch.push({ id: event.id, partition, text })
    if (batch.length >= batchSize) await send()
    if (hasFailed()) break
  }
  if (batch.length > 0) await send()
  return { events, correlated }
}
