/** The memory of decompressed batches: partitions share it, also before the size of a batch is known. */
import { gzipSync } from 'node:zlib'
import { crc32c, createRecordsBatch } from '@platformatic/kafka'
import { expect, it } from 'vitest'
import { nullLog } from '../../../src/model/ports.ts'
import type { PartitionContext } from '../../../src/sources/_source.ts'
import { parseSourceSpec } from '../../../src/sources/_source-spec.ts'
import type { BrokerFetches } from '../../../src/sources/kafka-topic/broker-fetches.ts'
import type { Cluster } from '../../../src/sources/kafka-topic/cluster.ts'
import { HeldBytes } from '../../../src/sources/kafka-topic/held-bytes.ts'
import { TopicPartition } from '../../../src/sources/kafka-topic/topic-partition.ts'
import { manualClock } from '../../support/clock.ts'
import { until } from '../../support/until.ts'

const MIB = 1024 * 1024

/** Counts the batches for which space is reserved before the size of any is known. */
class CountedBytes extends HeldBytes {
  reserved = 0
  #isKnown = false

  override async take(bytes: number): Promise<void> {
    await super.take(bytes)
    if (!this.#isKnown) this.reserved++
  }

  override change(bytes: number): void {
    this.#isKnown = true
    super.change(bytes)
  }
}

it('not more than four batches are decompressed at a time, because the size of each is unknown before', async () => {
  const plain = new CountedBytes(32 * MIB)
  const ends = new AbortController()
  const emitted: (() => void)[] = []
  const running = Array.from({ length: 12 }, (_, partition) => readPartition(partition, plain, ends, emitted))
  await until(
    () => {
      for (const settle of emitted) settle()
      return emitted.length === running.length
    },
    { what: 'events of all partitions' },
  )
  ends.abort()
  await Promise.all(running)
  expect(plain.reserved).toBe(4)
  expect(plain.isFree(32 * MIB)).toBe(true)
})

/** One partition with one compressed batch. */
function readPartition(
  partition: number,
  plain: HeldBytes,
  ends: AbortController,
  emitted: (() => void)[],
): Promise<void> {
  const { signal } = ends
  const data = packedBatch(Buffer.from('{"n":1}'))
  const cluster = {
    topic: () => Promise.resolve({ id: 'id', leaders: new Map() }),
    offsetAt: () => Promise.resolve(0),
    leaderOf: () => Promise.resolve({ host: '127.0.0.1', port: 1 }),
    forgetTopic: () => {},
  } as unknown as Cluster
  const fetches = {
    fetch: ({ offset }: { offset: number }) =>
      offset === 0
        ? Promise.resolve({ partition, error: null, end: 1, aborted: [], data, release: () => {} })
        : new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over')))),
  } as unknown as BrokerFetches
  const context = {
    signal,
    name: `kafka:events#${partition}`,
    cursor: null,
    clock: manualClock(),
    log: nullLog,
    limits: { eventBytes: 1 * MIB, bodyBytes: 64 * MIB },
    commitCursor: () => Promise.resolve(),
    emit: () => new Promise((resolve) => emitted.push(() => resolve([]))),
    setLag: () => {},
    caughtUp: () => {},
    recordPassed: () => {},
  } as unknown as PartitionContext
  const spec = parseSourceSpec('kafka:127.0.0.1:9092/events')
  const reading = {
    spec,
    topic: 'events',
    start: 'earliest',
    partition,
    cluster,
    fetches,
    plain,
    group: null,
  }
  return new TopicPartition(reading as ConstructorParameters<typeof TopicPartition>[0], context).run()
}

function packedBatch(value: Buffer): Buffer {
  const whole = Buffer.from(
    createRecordsBatch([{ topic: 'events', partition: 0, key: undefined as never, value }]).buffer,
  )
  const data = Buffer.concat([whole.subarray(0, 61), gzipSync(whole.subarray(61))])
  data.writeInt16BE(1, 21)
  data.writeInt32BE(data.length - 12, 8)
  data.writeUInt32BE(crc32c(data.subarray(21)), 17)
  return data
}
