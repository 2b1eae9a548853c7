/** One request for the records of several partitions. Their batches stay as they are, because each can fail by itself. */
import { type Connection, fetchV13, type Reader } from '@platformatic/kafka'
import { codeName } from './answer-errors.ts'
import type { FetchedBatches } from './record-batches.ts'

export interface FetchedPartition extends FetchedBatches {
  readonly partition: number
  /** The name of the error of the protocol, or null. */
  readonly error: string | null
  /** The offset behind the last record that no open transaction holds back. */
  readonly end: number
}

export interface FetchRequest {
  readonly topicId: string
  readonly partitions: readonly { readonly partition: number; readonly offset: number }[]
  readonly maxBytes: number
}

interface FetchAnswer {
  /** The name of an error that concerns the whole request, or null. */
  readonly error: string | null
  readonly partitions: readonly FetchedPartition[]
}

/** Fetch requests name topics by their ids from this version on. */
export const FETCH_API = { key: fetchV13.api.key, version: fetchV13.api.version }
const FETCH_WAIT_MS = 500
const MIN_BYTES = 1
const MAX_PARTITION_BYTES = 1024 * 1024
const READ_COMMITTED = 1
const NO_SESSION = { id: 0, epoch: -1 }
const UNKNOWN_EPOCH = -1

/** Waits up to `FETCH_WAIT_MS` for records. */
export function fetchRecords(connection: Connection, request: FetchRequest): Promise<FetchAnswer> {
  const { topicId, partitions, maxBytes } = request
  const topic = {
    topicId,
    partitions: partitions.map(({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: UNKNOWN_EPOCH,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: UNKNOWN_EPOCH,
      partitionMaxBytes: MAX_PARTITION_BYTES,
    })),
  }
  const { id, epoch } = NO_SESSION
  const create = () =>
    fetchV13.createRequest(FETCH_WAIT_MS, MIN_BYTES, maxBytes, READ_COMMITTED, id, epoch, [topic], [], '')
  return new Promise((resolve, reject) => {
    connection.send(FETCH_API.key, FETCH_API.version, create, readAnswer, true, true, (error, answer) => {
      if (answer === undefined || error !== null) reject(error ?? new Error('no answer'))
      else resolve(answer)
    })
  })
}

function readAnswer(_correlation: number, _key: number, _version: number, reader: Reader): FetchAnswer {
  // The time by which the broker delayed the answer.
  reader.readInt32()
  const error = codeName(reader.readInt16())
  // The session.
  reader.readInt32()
  const topics = reader.readArray((topic) => {
    topic.readUUID()
    return topic.readArray(readPartition)
  })
  return { error, partitions: topics.flat() }
}

function readPartition(reader: Reader): FetchedPartition {
  const partition = reader.readInt32()
  const error = codeName(reader.readInt16())
  // The end of what the replicas have.
  reader.readInt64()
  const end = Number(reader.readInt64())
  // The oldest offset.
  reader.readInt64()
  const aborted = reader.readNullableArray((each) => ({
    producerId: each.readInt64(),
    firstOffset: each.readInt64(),
  }))
  // A replica that is nearer.
  reader.readInt32()
  return { partition, error, end, aborted: aborted ?? [], data: readBatches(reader) }
}

function readBatches(reader: Reader): Buffer {
  // The length is stored with 1 added to it, and 0 is for none.
  const length = Math.max(0, reader.readUnsignedVarInt() - 1)
  const data = reader.buffer.slice(reader.position, reader.position + length)
  reader.skip(length)
  return data
}
