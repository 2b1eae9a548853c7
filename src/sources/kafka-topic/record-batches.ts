/**
 * Decodes the batches of records of one partition, as a broker returns them. The library's own decoder checks no checksum,
 * has no limit for what is decompressed, and fails for all partitions of an answer at once.
 */
import { crc32c } from '@platformatic/kafka'
import { messageOf } from '../../errors.ts'
import { decompress } from './decompress.ts'
import { type KafkaRecord, readRecords } from './records.ts'

/** A producer whose transaction was aborted, from the offset of its first record on. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

export interface FetchedBatches {
  /** Batches one after the other; the last one can be cut off. */
  readonly data: Buffer
  readonly aborted: readonly AbortedTransaction[]
}

export interface DecodedBatch {
  /** The records from the offset on. Those of aborted transactions and the markers of transactions are left out. They can be iterated once. */
  readonly records: Iterable<KafkaRecord>
  /** The offset behind the batch. */
  readonly next: number
  readonly plainBytes: number
}

/** A batch that cannot be decoded by this version, or is damaged. */
export class Undecodable extends Error {
  override name = 'Undecodable'
  /** The offset of the last record of the batch: reading can go on behind it. */
  readonly last: number
  constructor(batch: Buffer, message: string, cause?: unknown) {
    const first = offsetOf(batch)
    const last = formatOf(batch) === FORMAT ? Math.max(first, offsetAfter(batch) - 1) : first
    super(`the batch of the offsets ${first} to ${last}: ${message}`, { cause })
    this.last = last
  }
}

/** The offset and the length of a batch are before what the length counts. */
const HEAD_BYTES = 12
/** The fields before the records of a batch. */
const FIELDS_BYTES = 61
const CHECKED_FROM = 21
const FORMAT = 2
const COMPRESSION = 0b111
const IS_TRANSACTIONAL = 0b1_0000
const IS_CONTROL = 0b10_0000
const NO_PRODUCER = -1n
const MAX_PLAIN_BYTES = 64 * 1024 * 1024
/** The key of a marker has a version, and then this for an aborted transaction. */
const ABORT_MARKER = 0

/** Returns the offset behind the complete batches; `from` if there is none. */
export function offsetBehind({ data }: Pick<FetchedBatches, 'data'>, from: number): number {
  let next = from
  for (const batch of completeBatches(data)) {
    if (batch.length < FIELDS_BYTES) return next
    next = Math.max(next, offsetAfter(batch))
  }
  return next
}

/**
 * Decodes one batch after the other, so that not all of them are decompressed at a time.
 * @throws Undecodable
 */
export async function* decodeBatches(
  { data, aborted }: FetchedBatches,
  from: number,
): AsyncGenerator<DecodedBatch> {
  const transactions = new AbortedTransactions(aborted)
  for (const batch of completeBatches(data)) {
    checkBatch(batch)
    const next = offsetAfter(batch)
    if (next <= from) continue
    const attributes = batch.readInt16BE(21)
    const producerId = batch.readBigInt64BE(43)
    transactions.pass(BigInt(next - 1))
    const isMarker = (attributes & IS_CONTROL) !== 0
    const isAborted = (attributes & IS_TRANSACTIONAL) !== 0 && transactions.isAborted(producerId)
    if (isAborted && !isMarker) {
      yield { records: [], next, plainBytes: 0 }
      continue
    }
    const { plain, records } = await recordsOf(batch, attributes)
    if (isMarker && isAbortMarker(records)) transactions.end(producerId)
    yield { records: isMarker ? [] : recordsFrom(records, from), next, plainBytes: plain.length }
  }
}

async function recordsOf(
  batch: Buffer,
  attributes: number,
): Promise<{ plain: Buffer; records: Iterable<KafkaRecord> }> {
  try {
    const packed = batch.subarray(FIELDS_BYTES)
    const plain = await decompress(packed, attributes & COMPRESSION, MAX_PLAIN_BYTES)
    const offsets = { firstOffset: offsetOf(batch), lastOffset: offsetAfter(batch) - 1 }
    return { plain, records: readRecords(plain, { count: batch.readInt32BE(57), ...offsets }) }
  } catch (error) {
    throw new Undecodable(batch, messageOf(error), error)
  }
}

function* recordsFrom(records: Iterable<KafkaRecord>, offset: number): Generator<KafkaRecord> {
  for (const record of records) if (record.offset >= offset) yield record
}

function* completeBatches(data: Buffer): Generator<Buffer> {
  for (let at = 0; at + HEAD_BYTES <= data.length; ) {
    const length = data.readInt32BE(at + 8)
    const end = at + HEAD_BYTES + length
    if (length < 0 || end > data.length) return
    yield data.subarray(at, end)
    at = end
  }
}

function checkBatch(batch: Buffer): void {
  const format = formatOf(batch)
  if (format !== FORMAT) throw new Undecodable(batch, `its format is ${format}, and not ${FORMAT}`)
  if (batch.readUInt32BE(17) !== crc32c(batch.subarray(CHECKED_FROM)))
    throw new Undecodable(batch, 'its checksum is wrong')
}

/** Returns -1 for what is too short to be a batch. */
function formatOf(batch: Buffer): number {
  const format = batch.length > 16 ? batch.readInt8(16) : -1
  return format === FORMAT && batch.length < FIELDS_BYTES ? -1 : format
}

/** The offset of the first record. */
function offsetOf(batch: Buffer): number {
  return Number(batch.readBigInt64BE(0))
}

/** Also right where compaction has removed the last records of a batch. */
function offsetAfter(batch: Buffer): number {
  return offsetOf(batch) + batch.readInt32BE(23) + 1
}

function isAbortMarker([marker]: Iterable<KafkaRecord>): boolean {
  const { key = null } = marker ?? {}
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER
}

/** The producers whose records are left out at a position. */
class AbortedTransactions {
  readonly #ahead: AbortedTransaction[]
  readonly #producers = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#ahead = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  }

  /** Begins the transactions whose first record is at the offset or before it. */
  pass(offset: bigint): void {
    while (this.#ahead.length > 0 && this.#ahead[0]!.firstOffset <= offset) {
      this.#producers.add(this.#ahead.shift()!.producerId)
    }
  }

  isAborted(producerId: bigint): boolean {
    return producerId !== NO_PRODUCER && this.#producers.has(producerId)
  }

  end(producerId: bigint): void {
    this.#producers.delete(producerId)
  }
}
