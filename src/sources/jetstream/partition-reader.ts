/** Reads one partition of a stream through a consumer without acknowledgements: the cursor in the store is the truth. */
import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  ReplayPolicy,
} from '@nats-io/jetstream'
import { RetryableError } from '../../errors.ts'
import type { PartitionContext, SourceSpec, TextReservation } from '../_source.ts'
import type { BrokerSpec } from '../broker/broker-spec.ts'
import { messageEvents } from '../broker/message-events.ts'
import { EmitWindow, type Message } from '../stream/emit-window.ts'
import { type Session, type Sessions, streamOf } from './nats-session.ts'
import { decodeCursor, encodeCursor, resume, type StreamCursor, type StreamEnds } from './stream-cursor.ts'
import { ALL_SUBJECTS } from './subjects.ts'

/** A request is for as many messages as have this size if each is as large as the largest one of the last request. */
const FETCHED_BYTES = 4 * 1024 * 1024
const MAX_FETCHED_MESSAGES = 200
const FETCH_WAIT_MS = 2_000
const NOT_ARRIVED = 'messages that the server sent did not arrive; reading them again'
/** The server removes the consumer of a daemon that has ended after this time. */
const CONSUMER_LIFE_MS = 300_000
const CHECK_INTERVAL_MS = 10_000
const NANOSECONDS = 1_000_000

export interface ReaderOptions {
  readonly spec: SourceSpec
  readonly broker: BrokerSpec
  readonly subject: string
  readonly sessions: Sessions
}

export class PartitionReader {
  readonly #options: ReaderOptions
  #session!: Session
  readonly #context: PartitionContext
  readonly #window: EmitWindow
  #last!: StreamCursor
  #checkedAt = Number.NEGATIVE_INFINITY
  /** How many messages the consumer has received. */
  #received = 0
  /** How many messages of the partition the server had after the last one that was read. */
  #pending = 0
  /** The size of the largest message that the last request brought. */
  #largest = FETCHED_BYTES

  constructor(options: ReaderOptions, context: PartitionContext) {
    this.#options = options
    this.#context = context
    this.#window = new EmitWindow(context)
  }

  async run(): Promise<void> {
    const { signal } = this.#window
    this.#session = await this.#options.sessions.open(this.#context)
    await this.#begin()
    const consumer = await this.#consumerAt({
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#last.seq + 1,
    })
    this.#pending = (await this.#ask(() => consumer.info(true))).num_pending
    this.#context.setLag(this.#pending)
    try {
      while (!signal.aborted) {
        const count = await this.#fetch(consumer)
        if (count === 0 && !signal.aborted) await this.#idle(consumer)
        else if (!signal.aborted) await this.#check()
      }
    } finally {
      await consumer.delete().catch(() => {})
      await this.#window.drain()
    }
  }

  /** Commits where reading begins, so that no later message is missed when the process ends. */
  async #begin(): Promise<void> {
    const { cursor } = this.#context
    const ends = await this.#ends()
    if (cursor === null) {
      this.#last = await this.#firstCursor(ends)
    } else {
      const resumed = resume(decodeCursor(cursor), ends)
      if (resumed.lost !== null) await this.#context.reportLoss(resumed.lost)
      this.#last = resumed.cursor
    }
    await this.#context.commitCursor(encodeCursor(this.#last))
  }

  async #firstCursor({ created, firstSeq, lastSeq }: StreamEnds): Promise<StreamCursor> {
    const { start } = this.#options.broker
    if (start === 'latest') return { created, seq: lastSeq }
    if (start === 'earliest') return { created, seq: Math.max(0, firstSeq - 1) }
    const time = new Date(start.since).toISOString()
    // The server finds the first message of that time for a consumer.
    const consumer = await this.#consumerAt({ deliver_policy: DeliverPolicy.StartTime, opt_start_time: time })
    const { delivered } = await this.#ask(() => consumer.info(true))
    await consumer.delete().catch(() => {})
    return { created, seq: delivered.stream_seq }
  }

  async #ends(): Promise<StreamEnds> {
    const { spec, broker } = this.#options
    const { created, state } = await this.#ask(() => streamOf(this.#session, spec, broker.log))
    this.#checkedAt = performance.now()
    return { created: String(created), firstSeq: state.first_seq, lastSeq: state.last_seq }
  }

  async #consumerAt(
    start: Pick<ConsumerConfig, 'deliver_policy'> & Partial<ConsumerConfig>,
  ): Promise<Consumer> {
    const { broker, subject } = this.#options
    const config: Partial<ConsumerConfig> = {
      name: `signalbox-${randomUUID()}`,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: CONSUMER_LIFE_MS * NANOSECONDS,
      ...(subject !== ALL_SUBJECTS && { filter_subject: subject }),
      ...start,
    }
    const info = await this.#ask(() => this.#session.manager.consumers.add(broker.log, config))
    return this.#session.client.consumers.getConsumerFromInfo(info)
  }

  /** Emits what the server has, and waits for a moment if that is nothing. Returns how many messages came. */
  async #fetch(consumer: Consumer): Promise<number> {
    const { signal } = this.#window
    // Many partitions wait for their next message. None may keep space from those with a backlog, or take more when it is full.
    const hasBacklog = this.#pending > 0
    const most = Math.min(MAX_FETCHED_MESSAGES, Math.floor(FETCHED_BYTES / this.#largest))
    const count = hasBacklog ? Math.max(1, Math.min(most, this.#pending)) : 1
    const bytes = hasBacklog ? count * this.#largest : 1
    const space = await this.#context.inFlight.reserve(bytes, signal)
    try {
      if (signal.aborted) return 0
      // A request that was not fulfilled stays at the server. So it is for what is there.
      const fetched = await this.#ask(() => consumer.fetch({ max_messages: count, expires: FETCH_WAIT_MS }))
      return await this.#read(fetched, space)
    } finally {
      space.release()
    }
  }

  async #read(fetched: ConsumerMessages, space: TextReservation): Promise<number> {
    const { signal } = this.#window
    const stop = () => void fetched.close()
    signal.addEventListener('abort', stop, { once: true })
    const messages = fetched[Symbol.asyncIterator]()
    let count = 0
    let largest = 1
    const ask = () => {
      const next = this.#ask(() => messages.next())
      next.catch(() => {})
      return next
    }
    let waiting: JsMsg[] = []
    const emit = async () => {
      const read = waiting
      waiting = []
      if (read.length > 0) await this.#emit(read, space)
    }
    try {
      for (;;) {
        const asked = ask()
        if (!(await isReady(asked))) await emit()
        const next = await asked
        if (signal.aborted) return count
        if (next.done) break
        count++
        this.#requireNext(next.value)
        this.#pending = next.value.info.pending
        largest = Math.max(largest, next.value.data.length)
        waiting.push(next.value)
      }
      await emit()
      // What was there has been removed meanwhile, or comes with the next request.
      if (count === 0) this.#pending = 0
      else this.#largest = largest
      return count
    } finally {
      signal.removeEventListener('abort', stop)
      stop()
    }
  }

  /** A message that was sent and did not arrive is read again from the committed cursor. */
  #requireNext({ info }: JsMsg): void {
    if (info.deliverySequence === ++this.#received) return
    throw new RetryableError(NOT_ARRIVED)
  }

  async #emit(messages: readonly JsMsg[], space: TextReservation): Promise<void> {
    const { created } = this.#last
    const { name, limits } = this.#context
    const read: Message[] = []
    for (const message of messages) {
      const place = { position: `message ${message.seq}`, origin: `${name}@${created}` }
      const { buffer, byteOffset, byteLength } = message.data
      const data = Buffer.from(buffer, byteOffset, byteLength)
      const events = await messageEvents(data, place, { unwrap: this.#options.spec.unwrap, limits })
      read.push({ events, cursor: encodeCursor({ created, seq: message.seq }) })
    }
    await this.#checkGap(messages)
    await this.#window.feedMessages(read, space)
    this.#last = { created, seq: messages.at(-1)!.seq }
    this.#context.setLag(this.#pending)
  }

  /**
   * The stream has nothing more for this partition. Messages of other subjects are passed, because they would otherwise
   * seem to be lost when the stream removes them.
   */
  async #idle(consumer: Consumer): Promise<void> {
    if (!this.#isCheckDue()) return this.#context.caughtUp()
    const { created, lastSeq } = await this.#ends()
    const { num_pending: pending, delivered } = await this.#ask(() => consumer.info())
    if (created !== this.#last.created) throw new RetryableError('the stream was created again')
    if (delivered.consumer_seq !== this.#received) throw new RetryableError(NOT_ARRIVED)
    if (pending > 0) return
    if (lastSeq > this.#last.seq) {
      this.#last = { created, seq: lastSeq }
      await this.#window.feedMessages([{ events: [], cursor: encodeCursor(this.#last) }])
    }
    this.#context.caughtUp()
  }

  /** A stream can remove messages while reading is late. */
  async #check(): Promise<void> {
    if (!this.#isCheckDue()) return
    await this.#passRemoved(this.#last, await this.#ends())
  }

  /** Numbers that are missing belong to other subjects, or to messages that were removed before they were sent. */
  async #checkGap(messages: readonly JsMsg[]): Promise<void> {
    const numbers = [this.#last.seq, ...messages.map(({ seq }) => seq)]
    const isGap = (seq: number, i: number) => i + 1 < numbers.length && numbers[i + 1]! > seq + 1
    const from = numbers.findIndex(isGap)
    if (from === -1) return
    const ends = await this.#ends()
    const next = numbers[numbers.findLastIndex(isGap) + 1]!
    const firstSeq = Math.min(ends.firstSeq, next)
    await this.#passRemoved({ ...this.#last, seq: numbers[from]! }, { ...ends, firstSeq })
  }

  async #passRemoved(read: StreamCursor, ends: StreamEnds): Promise<void> {
    const { lost, cursor } = resume(read, ends)
    if (lost === null) return
    if (lost.code !== 'expired') throw new RetryableError(lost.message)
    await this.#context.reportLoss(lost)
    // They are reported once.
    this.#last = cursor
  }

  #ask<T>(request: () => Promise<T>): Promise<T> {
    return this.#options.sessions.ask(request)
  }

  #isCheckDue(): boolean {
    return performance.now() - this.#checkedAt >= CHECK_INTERVAL_MS
  }
}

/** True if the promise is settled by what has arrived already. */
function isReady(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  )
  return Promise.race([settled, setImmediate(false)])
}
