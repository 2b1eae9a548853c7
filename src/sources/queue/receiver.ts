/** Receives messages, has their events committed, and deletes them. What is not committed is delivered again. */
import type { FramedEvent, SourceContext } from '../_source.ts'
import type { NamedObject } from '../objects/object-notification.ts'
import { batchesOf, type Window } from '../stream/emit-window.ts'
import { HeldMessages } from './held-messages.ts'
import type { MessageContent } from './queue-message.ts'
import { type QueueMessage, receiveCountOf, type SqsClient } from './sqs-client.ts'

interface ReceiverOptions {
  readonly client: SqsClient
  readonly source: string
  /** All receivers share it, so that together they have a bounded number of events in flight. */
  readonly window: Window
  /** Batches of one lane are committed in order. */
  readonly lane: number
  readonly contentOf: (message: QueueMessage) => MessageContent
  /**
   * Reads the objects that a message names. Returns null when they are done, otherwise after how many seconds the message
   * is to be received again.
   */
  readonly readObjects: (
    objects: readonly NamedObject[],
    receiveCount: number,
    signal: AbortSignal,
  ) => Promise<number | null>
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
  options: ReceiverOptions,
  { log, clock, signal }: SourceContext,
): Promise<void> {
  const { client, source, contentOf, readObjects } = options
  const held = new HeldMessages(messages, { client, source, log, clock })
  try {
    const contents = messages.map((message) => ({ message, content: contentOf(message) }))
    const bodies = contents.flatMap(({ message, content }) =>
      content.kind === 'events' ? [{ message, events: content.events }] : [],
    )
    await emitAll(
      bodies.flatMap(({ events }) => events),
      options,
    )
    for (const { message } of bodies) await held.done(message)
    for (const { message, content } of contents) {
      if (content.kind !== 'objects') continue
      if (signal.aborted) return
      const waitSeconds = await readObjects(content.objects, receiveCountOf(message), signal)
      if (waitSeconds === null) await held.done(message)
      else await held.giveBack(message, waitSeconds)
    }
  } finally {
    await held.end()
  }
}

/** Resolves when all are committed; after a failure it waits for the others. */
async function emitAll(
  events: readonly FramedEvent[],
  { window, lane }: Pick<ReceiverOptions, 'window' | 'lane'>,
): Promise<void> {
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
