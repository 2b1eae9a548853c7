/** Keeps received messages from other receivers until each is deleted or given back. */
import { messageOf } from '../../errors.ts'
import type { SourceContext } from '../_source.ts'
import { MAX_MESSAGES, type QueueMessage, type SqsClient, VISIBILITY_SECONDS } from './sqs-client.ts'

const KEEP_INTERVAL_MS = 100_000
/** SQS delivers a message again at the latest 12 hours after it was received. */
const MAX_KEEPS = 390
const RETRY_DELAY_MS = 1_000

type Tools = Pick<SourceContext, 'log' | 'clock'> & {
  readonly client: SqsClient
  readonly source: string
}

export class HeldMessages {
  readonly #tools: Tools
  readonly #held: Set<QueueMessage>
  /** They are deleted together, because a call costs the same for one and for ten. */
  #done: QueueMessage[] = []
  readonly #ended = new AbortController()
  readonly #keeping: Promise<void>

  constructor(messages: readonly QueueMessage[], tools: Tools) {
    this.#held = new Set(messages)
    this.#tools = tools
    this.#keeping = this.#keep()
  }

  /** The effects of the message are committed, so that it can be deleted. */
  async done(message: QueueMessage): Promise<void> {
    this.#done.push(message)
    if (this.#done.length === MAX_MESSAGES) await this.#deleteDone()
  }

  /** The message can be received again after so many seconds. */
  async giveBack(message: QueueMessage, seconds: number): Promise<void> {
    this.#held.delete(message)
    const { client, source, log } = this.#tools
    await client.keep([message], seconds).catch((error: unknown) => {
      log.warn(
        { source, error: messageOf(error) },
        `a message could not be given back; it is delivered again within ${VISIBILITY_SECONDS} seconds`,
      )
    })
  }

  /** Deletes what is done, and gives the other messages back at once. */
  async end(): Promise<void> {
    this.#ended.abort()
    await this.#keeping
    await this.#deleteDone()
    const left = [...this.#held]
    if (left.length > 0) await this.#tools.client.keep(left, 0).catch(() => {})
  }

  async #keep(): Promise<void> {
    const { client, source, log, clock } = this.#tools
    for (let keeps = 0; keeps < MAX_KEEPS; keeps++) {
      await clock.sleep(KEEP_INTERVAL_MS, this.#ended.signal)
      const held = [...this.#held]
      if (this.#ended.signal.aborted || held.length === 0) return
      await client.keep(held, VISIBILITY_SECONDS).catch((error: unknown) => {
        log.warn(
          { source, error: messageOf(error) },
          'messages may be delivered again: they could not be kept',
        )
      })
    }
  }

  /** A message that is not deleted is delivered again and recognized. */
  async #deleteDone(): Promise<void> {
    const { client, source, log, clock } = this.#tools
    const messages = this.#done
    this.#done = []
    for (const message of messages) this.#held.delete(message)
    if (messages.length === 0) return
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
}
