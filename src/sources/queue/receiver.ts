/** Receives messages, has their events committed, and deletes them. What is not committed is delivered again. */
import { messageOf } from '../../errors.ts'
import type { FramedEvent, SourceContext } from '../_source.ts'
import { batchesOf, type Window } from '../stream/emit-window.ts'
import type { QueueMessage, SqsClient } from './sqs-client.ts'
import { VISIBILITY_SECONDS } from './sqs-client.ts'

const KEEP_INTERVAL_MS = 100_000
/** SQS delivers a message again at the latest 12 hours after it was received. */
const MAX_KEEPS = 390
const RETRY_DELAY_MS = 1_000

interface ReceiverOptions {
  readonly client: SqsClient
  readonly source: string
  /** All receivers share it, so that together they have a bounded number of events in flight. */
  readonly window: Window
  /** Batches of one lane are committed in order. */
  readonly lane: number
  /** Returns the events of a message, or null for a message that must stay in the queue. */
  readonly eventsOf: (message: QueueMessage) => readonly FramedEvent[] | null
}

/** Runs until the signal aborts and leaves nothing in flight. */
export async function receiveMessages(options: ReceiverOptions, context: SourceContext): Promise<void> {
  const { client } = options
  const { signal } = context
  while (!signal.aborted) {
    const messages = await received(client, signal)
    if (messages.length === 0) continue
    if (signal.aborted) await client.keep(messages, 0)
    else await handle(messages, options, context)
  }
}

/** A receive that is aborted may have taken messages; they are delivered again when their time is over. */
async function received(client: SqsClient, signal: AbortSignal): Promise<readonly QueueMessage[]> {
  try {
    return await client.receive(signal)
  } catch (error) {
    if (signal.aborted) return []
    throw error
  }
}

async function handle(
  messages: readonly QueueMessage[],
  { client, source, window, lane, eventsOf }: ReceiverOptions,
  { log, clock }: SourceContext,
): Promise<void> {
  const taken: QueueMessage[] = []
  const events: FramedEvent[] = []
  for (const message of messages) {
    const found = eventsOf(message)
    if (found === null) continue
    taken.push(message)
    for (const event of found) events.push(event)
  }
  if (taken.length === 0) return
  const done = new AbortController()
  const keeping = keepWhile(done.signal, taken, { client, source, log, clock })
  try {
    await emitAll(events, window, lane)
  } catch (error) {
    done.abort()
    await keeping
    await client.keep(taken, 0).catch(() => {})
    throw error
  }
  done.abort()
  await keeping
  await deleteAll(taken, { client, source, log, clock })
}

/** Resolves when all are committed; after a failure it waits for the others. */
async function emitAll(events: readonly FramedEvent[], window: Window, lane: number): Promise<void> {
  const settling: Promise<unknown>[] = []
  for (const batch of batchesOf(events)) {
    while (!window.hasCapacityFor(batch)) await window.released()
    const settled = window.emit(batch, { lane }).finally(() => window.wake())
    settled.catch(() => {})
    settling.push(settled)
  }
  await Promise.allSettled(settling)
  await Promise.all(settling)
}

type Tools = Pick<ReceiverOptions, 'client' | 'source'> & Pick<SourceContext, 'log' | 'clock'>

/** Keeps messages from other receivers while their events are evaluated. */
async function keepWhile(
  done: AbortSignal,
  messages: readonly QueueMessage[],
  { client, source, log, clock }: Tools,
): Promise<void> {
  for (let keeps = 0; keeps < MAX_KEEPS; keeps++) {
    await clock.sleep(KEEP_INTERVAL_MS, done)
    if (done.aborted) return
    await client.keep(messages, VISIBILITY_SECONDS).catch((error: unknown) => {
      log.warn({ source, error: messageOf(error) }, 'messages may be delivered again: they could not be kept')
    })
  }
}

/** The events are committed, so a message that is not deleted is delivered again and recognized. */
async function deleteAll(
  messages: readonly QueueMessage[],
  { client, source, log, clock }: Tools,
): Promise<void> {
  let reason = ''
  for (let attempt = 0; attempt < 3; attempt++) {
    if (attempt > 0) await clock.sleep(RETRY_DELAY_MS)
    try {
      const failed = await client.delete(messages)
      if (failed === 0) return
      reason = `${failed} of ${messages.length} messages were refused`
    } catch (error) {
      reason = messageOf(error)
    }
  }
  log.warn(
    { source, error: reason },
    'messages could not be deleted; they are delivered again and recognized',
  )
}
