import { gzipSync } from 'node:zlib'
import { crc32c, createRecordsBatch } from '@platformatic/kafka'
import { describe, expect, it } from 'vitest'
import {
  type AbortedTransaction,
  decodeBatches,
  offsetBehind,
  Undecodable,
} from '../../../src/sources/kafka-topic/record-batches.ts'

interface BatchForm {
  readonly offset: number
  readonly texts: readonly (string | null)[]
  /** The offset behind the batch; absent: without a gap. */
  readonly next?: number
  readonly producerId?: number
  readonly marker?: 'abort' | 'commit'
}

/** A batch as the library writes it, with the fields that only a broker sets. */
function batch({ offset, texts, next, producerId, marker }: BatchForm): Buffer {
  const key = marker && Buffer.from([0, 0, 0, marker === 'abort' ? 0 : 1])
  const messages = (marker || texts.length === 0 ? [''] : texts).map((text) => ({
    topic: 'events',
    partition: 0,
    ...(key && { key }),
    value: (text === null ? null : Buffer.from(text)) as Buffer,
  }))
  let data = Buffer.from(createRecordsBatch(messages).buffer)
  if (texts.length === 0 && !marker) {
    // Compaction keeps the batch without its records.
    data = data.subarray(0, 61)
    data.writeInt32BE(61 - 12, 8)
    data.writeInt32BE(0, 57)
  }
  data.writeBigInt64BE(BigInt(offset), 0)
  if (next !== undefined) data.writeInt32BE(next - offset - 1, 23)
  if (producerId !== undefined) {
    data.writeInt16BE(0b1_0000 | (marker ? 0b10_0000 : 0), 21)
    data.writeBigInt64BE(BigInt(producerId), 43)
  }
  return withChecksum(data)
}

function withChecksum(data: Buffer): Buffer {
  data.writeUInt32BE(crc32c(data.subarray(21)), 17)
  return data
}

async function decode(batches: readonly Buffer[], from = 0, aborted: readonly AbortedTransaction[] = []) {
  const decoded: { texts: (string | null)[]; next: number }[] = []
  for await (const { records, next } of decodeBatches({ data: Buffer.concat(batches), aborted }, from))
    decoded.push({ texts: [...records].map(({ value }) => value?.toString() ?? null), next })
  return decoded
}

it('decodes records from the offset on, tombstones included', async () => {
  const batches = [batch({ offset: 0, texts: ['a', 'b'] }), batch({ offset: 2, texts: ['c', null, 'd'] })]
  expect(await decode(batches)).toEqual([
    { texts: ['a', 'b'], next: 2 },
    { texts: ['c', null, 'd'], next: 5 },
  ])
  expect(await decode(batches, 4)).toEqual([{ texts: ['d'], next: 5 }])
  expect(offsetBehind({ data: Buffer.concat(batches) }, 4)).toBe(5)
})

it('goes on behind gaps that compaction has left, also in an empty batch', async () => {
  const batches = [batch({ offset: 0, texts: ['a'], next: 10 }), batch({ offset: 30, texts: [], next: 33 })]
  expect(await decode(batches)).toEqual([
    { texts: ['a'], next: 10 },
    { texts: [], next: 33 },
  ])
  expect(offsetBehind({ data: Buffer.concat(batches) }, 0)).toBe(33)
})

it('waits for the rest of a batch that is cut off', async () => {
  const whole = batch({ offset: 0, texts: ['a'] })
  for (const rest of [1, 12, 30]) {
    const data = [whole, batch({ offset: 1, texts: ['b'] }).subarray(0, rest)]
    expect(await decode(data)).toEqual([{ texts: ['a'], next: 1 }])
    expect(offsetBehind({ data: Buffer.concat(data) }, 0)).toBe(1)
  }
  expect(offsetBehind({ data: whole.subarray(0, 40) }, 7)).toBe(7)
})

describe('transactions', () => {
  it('leaves out the records of aborted ones, of the right producer and only up to their end', async () => {
    const aborted = [
      { producerId: 7n, firstOffset: 6n },
      { producerId: 7n, firstOffset: 0n },
    ]
    const batches = [
      batch({ offset: 0, texts: ['7 aborted'], producerId: 7 }),
      batch({ offset: 1, texts: ['8'], producerId: 8 }),
      batch({ offset: 2, texts: ['none'] }),
      batch({ offset: 3, texts: [], producerId: 7, marker: 'abort' }),
      batch({ offset: 4, texts: ['7 committed'], producerId: 7 }),
      batch({ offset: 5, texts: [], producerId: 7, marker: 'commit' }),
      batch({ offset: 6, texts: ['7 aborted again'], producerId: 7 }),
      batch({ offset: 7, texts: [], producerId: 7, marker: 'abort' }),
      batch({ offset: 8, texts: ['7 last'], producerId: 7 }),
    ]
    const decoded = await decode(batches, 0, aborted)
    expect(decoded.flatMap(({ texts }) => texts)).toEqual(['8', 'none', '7 committed', '7 last'])
    expect(decoded.map(({ next }) => next)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('leaves out the rest of one that began before the offset', async () => {
    const aborted = [{ producerId: 7n, firstOffset: 0n }]
    const batches = [
      batch({ offset: 5, texts: ['aborted'], producerId: 7 }),
      batch({ offset: 6, texts: [], producerId: 7, marker: 'abort' }),
      batch({ offset: 7, texts: ['later'], producerId: 7 }),
    ]
    expect((await decode(batches, 5, aborted)).flatMap(({ texts }) => texts)).toEqual(['later'])
  })
})

describe('what cannot be decoded', () => {
  const changed = (change: (data: Buffer) => void, isChecked = true) => {
    const data = batch({ offset: 1, texts: ['b', 'c'] })
    change(data)
    return isChecked ? withChecksum(data) : data
  }

  it.each([
    [
      'a wrong checksum',
      changed((data) => data.writeUInt8(1, 70), false),
      /^the batch of the offsets 1 to 2: its checksum/,
    ],
    ['an old format', changed((data) => data.writeInt8(1, 16)), /offsets 1 to 1: its format is 1, and not 2/],
    [
      'a compression that is not known',
      changed((data) => data.writeInt16BE(5, 21)),
      /compression 5 is unknown/,
    ],
    ['damaged compressed data', changed((data) => data.writeInt16BE(4, 21)), /the zstd data is damaged/],
    ['more records than there are', changed((data) => data.writeInt32BE(3, 57)), /longer than its batch/],
    [
      'fewer records than there are',
      changed((data) => data.writeInt32BE(1, 57)),
      /more data than its records/,
    ],
    ['a number of records below 0', changed((data) => data.writeInt32BE(-1, 57)), /number of records is -1/],
    [
      'a record with an offset behind the batch',
      changed((data) => data.writeUInt8(4, 64)),
      /record 1 has the offset 3, which is not in order/,
    ],
    [
      'two records with one offset',
      changed((data) => data.writeUInt8(0, 64 + 8)),
      /record 2 has the offset 1, which is not in order/,
    ],
    [
      'a record with another length',
      changed((data) => data.writeUInt8(4, 61)),
      /another length than it says/,
    ],
  ])('is reported with its last offset, after what was before it: %s', async (name, data, message) => {
    const batches = decodeBatches(
      { data: Buffer.concat([batch({ offset: 0, texts: ['a'] }), data]), aborted: [] },
      0,
    )
    expect((await batches.next()).value).toMatchObject({ next: 1 })
    const failing = batches.next()
    await expect(failing).rejects.toBeInstanceOf(Undecodable)
    await expect(failing).rejects.toMatchObject({
      // It is what passes the batch; the older format does not say how many records there are.
      last: name === 'an old format' ? 1 : 2,
      message: expect.stringMatching(message) as unknown,
    })
  })
})

it('does not keep the millions of records that a small batch can have', async () => {
  const count = 1_000_000
  // Each has its length, its attributes, its time, an offset of at most three bytes, and three lengths of 0.
  const plain = Buffer.alloc(count * 9)
  let at = 0
  for (let i = 0; i < count; i++) {
    const offset = varint(2 * i)
    at = plain.writeUInt8(2 * (5 + offset.length), at) + 2
    plain.set(offset, at)
    at += offset.length + 3
  }
  const head = batch({ offset: 0, texts: [], next: count })
  head.writeInt16BE(1, 21)
  head.writeInt32BE(count, 57)
  const data = withLength(Buffer.concat([head, gzipSync(plain.subarray(0, at))]))
  const before = process.memoryUsage().heapUsed
  let read = 0
  for await (const { records } of decodeBatches({ data, aborted: [] }, 0)) {
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6)
    for (const { value } of records) read += value?.length === 0 ? 1 : 0
  }
  expect(read).toBe(count)
})

function varint(number: number): number[] {
  return number < 128 ? [number] : [(number % 128) | 128, ...varint(Math.floor(number / 128))]
}

function withLength(data: Buffer): Buffer {
  data.writeInt32BE(data.length - 12, 8)
  return withChecksum(data)
}
