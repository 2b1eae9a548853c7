/** Reads one partition of a topic from its cursor on, without a consumer group: the cursor in the store is the truth. */
import { setImmediate } from 'node:timers/promises'
import { readableText } from '../../core/readable-text.ts'
import { RetryableError } from '../../errors.ts'
import type { FramedEvent, PartitionContext, SourceSpec } from '../_source.ts'
import type { Start } from '../broker/broker-spec.ts'
import { messageEvents } from '../broker/message-events.ts'
import { excerptOf } from '../framing/frame.ts'
import { EmitWindow, type Message } from '../stream/emit-window.ts'
import { LEADER_ERRORS, notAuthorized } from './answer-errors.ts'
import type { BrokerFetches, FetchedRecords } from './broker-fetches.ts'
import { type Cluster, EARLIEST, LATEST } from './cluster.ts'
import type { GroupOffsets } from './group-offsets.ts'
import type { HeldBytes } from './held-bytes.ts'
import { type DecodedBatch, decodeBatches, offsetBehind, Undecodable } from './record-batches.ts'
import type { KafkaRecord } from './records.ts'
import {
  decodeTopicCursor,
  encodeTopicCursor,
  type PartitionEnds,
  resumeTopic,
  type TopicCursor,
} from './topic-cursor.ts'

/** So many records are read before the event loop serves others. */
const MAX_EMITTED_RECORDS = 200
const MAX_ENCODING_CHARS = 40
/**
 * A batch reserves so many bytes before it is decompressed and its size is known. The batches that are decompressed at a
 * time are therefore four.
 */
const RESERVED_BYTES = 8 * 1024 * 1024
const LEADER_RETRY_MS = 300
const MAX_LEADER_RETRIES = 10
const PLAIN_ENCODINGS: ReadonlySet<string | null> = new Set([null, '', 'identity', 'gzip'])

export interface TopicReading {
  readonly spec: SourceSpec
  readonly topic: string
  readonly start: Start
  readonly partition: number
  readonly cluster: Cluster
  readonly fetches: BrokerFetches
  /** The decompressed batches whose events are not settled. */
  readonly plain: HeldBytes
  readonly group: GroupOffsets | null
}

export class TopicPartition {
  readonly #reading: TopicReading
  readonly #context: PartitionContext
  readonly #window: EmitWindow
  /** Settles with the last events that were emitted. */
  #emitted: Promise<unknown> = Promise.resolve()
  /** The records that are not emitted yet, with the bytes of their batches. */
  #pending: Message[] = []
  #unsettledBytes = 0
  /** The offset of the next record that is read. */
  #at!: TopicCursor
  #leaderRetries = 0

  constructor(reading: TopicReading, context: PartitionContext) {
    this.#reading = reading
    this.#context = context
    const emit: PartitionContext['emit'] = (batch, options) => {
      const settling = context.emit(batch, options)
      this.#emitted = settling.then(
        () => this.#settled(options?.cursor),
        () => {},
      )
      return settling
    }
    this.#window = new EmitWindow({ ...context, emit })
  }

  async run(): Promise<void> {
    await this.#begin()
    let ahead: Promise<FetchedRecords | null> | null = null
    try {
      let fetching = this.#fetch(this.#at.offset)
      for (;;) {
        const fetched = await fetching
        if (fetched === null) break
        const { offset } = this.#at
        const next = fetched.error === null ? offsetBehind(fetched, offset) : offset
        if (next > offset) ahead = this.#fetch(next)
        try {
          await this.#read(fetched, next)
        } finally {
          fetched.release()
        }
        fetching = ahead ?? this.#fetch(this.#at.offset)
        ahead = null
      }
    } finally {
      ahead?.then(
        (fetched) => fetched?.release(),
        () => {},
      )
      await this.#window.drain()
    }
  }

  /** Commits where reading begins, so that no later record is missed when the process ends. */
  async #begin(): Promise<void> {
    const { cursor } = this.#context
    const ends = await this.#ends()
    if (cursor === null) {
      this.#at = await this.#firstCursor(ends)
    } else {
      const resumed = resumeTopic(decodeTopicCursor(cursor), ends)
      if (resumed.lost !== null) await this.#context.reportLoss(resumed.lost)
      this.#at = resumed.cursor
    }
    await this.#context.commitCursor(encodeTopicCursor(this.#at))
  }

  async #ends(): Promise<PartitionEnds> {
    const { cluster, partition } = this.#reading
    const { id: topicId } = await cluster.topic(this.#context)
    const first = (await cluster.offsetAt(partition, EARLIEST, this.#context)) ?? 0
    const end = (await cluster.offsetAt(partition, LATEST, this.#context)) ?? first
    return { topicId, first, end }
  }

  async #firstCursor({ topicId, first, end }: PartitionEnds): Promise<TopicCursor> {
    const { start, cluster, partition } = this.#reading
    if (start === 'latest') return { topicId, offset: end }
    if (start === 'earliest') return { topicId, offset: first }
    // The end is older than this answer, so nothing that comes in between is missed.
    const offset = await cluster.offsetAt(partition, start.since, this.#context)
    return { topicId, offset: offset ?? end }
  }

  #fetch(offset: number): Promise<FetchedRecords | null> {
    const { partition, cluster, fetches } = this.#reading
    const { topicId } = this.#at
    const context = { ...this.#context, signal: this.#window.signal }
    const fetching = cluster
      .leaderOf(partition, context)
      .then((leader) => fetches.fetch({ leader, topicId, partition, offset }, context))
      .catch((error: unknown) => {
        cluster.forgetTopic()
        if (context.signal.aborted) return null
        throw error
      })
    fetching.catch(() => {})
    return fetching
  }

  /** @param next the offset behind what was fetched. */
  async #read(fetched: FetchedRecords, next: number): Promise<void> {
    if (fetched.error !== null) return this.#waitForLeader(fetched.error)
    this.#leaderRetries = 0
    const isAtEnd = next === this.#at.offset && next >= fetched.end
    try {
      await this.#emitBatches(fetched)
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error
      this.#context.stop({
        code: 'undecodable',
        message: error.message,
        at: `offset ${error.last}`,
      })
    }
    this.#reading.group?.commitDue(this.#context)
    this.#context.setLag(Math.max(0, fetched.end - this.#at.offset))
    if (isAtEnd) this.#context.caughtUp()
  }

  /** A partition that gets another leader is read on after a moment. Any other error needs a new start. */
  async #waitForLeader(error: string): Promise<void> {
    const { spec, topic, cluster, partition } = this.#reading
    if (error === 'TOPIC_AUTHORIZATION_FAILED') {
      this.#context.stop({
        code: 'forbidden',
        message: notAuthorized(topic),
        at: `offset ${this.#at.offset}`,
      })
    }
    cluster.forgetTopic()
    if (!LEADER_ERRORS.has(error) || ++this.#leaderRetries > MAX_LEADER_RETRIES)
      throw new RetryableError(`${spec.name}: the broker answers ${error} for the partition ${partition}`)
    await this.#context.clock.sleep(LEADER_RETRY_MS, this.#window.signal)
  }

  async #emitBatches(fetched: FetchedRecords): Promise<void> {
    const { plain } = this.#reading
    const batches = decodeBatches(fetched, this.#at.offset)
    let reserved = 0
    try {
      while (!this.#window.signal.aborted) {
        // What is not emitted yet cannot be settled, and so would be waited for without end.
        if (!plain.isFree(RESERVED_BYTES)) await this.#flush()
        await plain.take(RESERVED_BYTES)
        reserved = RESERVED_BYTES
        const { done, value: batch } = await batches.next()
        if (done) break
        plain.change(batch.plainBytes - reserved)
        reserved = 0
        this.#unsettledBytes += batch.plainBytes
        await this.#addBatch(batch)
      }
    } finally {
      plain.change(-reserved)
      await this.#flush()
    }
  }

  async #addBatch({ records, next }: DecodedBatch): Promise<void> {
    let count = 0
    for (const record of records) {
      this.#add(await this.#eventsOf(record), record.offset + 1)
      // Records without events are not emitted, but a batch can have millions of them.
      const isFull = this.#pending.length >= MAX_EMITTED_RECORDS
      if (++count % MAX_EMITTED_RECORDS !== 0 && !isFull) continue
      if (isFull) await this.#flush()
      await setImmediate()
      if (this.#window.signal.aborted) return
    }
    // A batch can end with records that were removed, or be the marker of a transaction.
    this.#add([], next)
  }

  /** A message without events only moves the cursor. */
  #add(events: readonly FramedEvent[], next: number): void {
    this.#at = { ...this.#at, offset: next }
    const cursor = encodeTopicCursor(this.#at)
    const last = this.#pending.at(-1)
    if (last === undefined || events.length > 0) this.#pending.push({ events, cursor })
    else this.#pending[this.#pending.length - 1] = { ...last, cursor }
  }

  async #flush(): Promise<void> {
    const messages = this.#pending
    const bytes = this.#unsettledBytes
    this.#pending = []
    this.#unsettledBytes = 0
    try {
      if (messages.length > 0 && !this.#window.signal.aborted) await this.#window.feedMessages(messages)
    } finally {
      void this.#emitted.then(() => this.#reading.plain.change(-bytes))
    }
  }

  async #eventsOf({ offset, value, contentEncoding }: KafkaRecord): Promise<readonly FramedEvent[]> {
    const { name, limits } = this.#context
    if (value === null) {
      this.#context.recordPassed(1)
      return []
    }
    const place = { position: `offset ${offset}`, origin: `${name}@${this.#at.topicId}` }
    if (!PLAIN_ENCODINGS.has(contentEncoding)) {
      const encoding = readableText(contentEncoding ?? '').slice(0, MAX_ENCODING_CHARS)
      return [{ ...place, raw: excerptOf(value), refused: `the content-encoding "${encoding}" is unknown` }]
    }
    return messageEvents(value, place, { unwrap: this.#reading.spec.unwrap, limits })
  }

  #settled(cursor: string | null | undefined): void {
    const { group, partition } = this.#reading
    if (group !== null && cursor != null)
      group.record(partition, decodeTopicCursor(cursor).offset, this.#context)
  }
}
