/** What a source asks a cluster: its topic, who leads the partitions, and their offsets. */
import {
  apiVersionsV3,
  type Connection,
  findCoordinatorV4,
  listOffsetsV7,
  metadataV12,
  offsetCommitV8,
} from '@platformatic/kafka'
import { nestedErrors } from '../../brokers/kafka-failures.ts'
import { isError, RetryableError, UserError } from '../../errors.ts'
import type { BrokerContext, SourceSpec } from '../_source.ts'
import type { BrokerAddress, BrokerSpec } from '../broker/broker-spec.ts'
import { codeName, LEADER_ERRORS } from './answer-errors.ts'
import { type BrokerConnections, untilAbort } from './broker-connections.ts'
import { FETCH_API } from './fetch-records.ts'

export interface Topic {
  readonly id: string
  /** The ids of the brokers that lead the partitions, by the number of the partition. null: none does at the moment. */
  readonly leaders: ReadonlyMap<number, number | null>
}

/** Instead of a time: behind the last record, and the oldest. */
export const LATEST = -1
export const EARLIEST = -2

const READ_COMMITTED = 1
const UNKNOWN_EPOCH = -1
const CONSUMER = -1
const GROUP = 0
/** A commit of a client that is no member of the group. */
const NO_MEMBER = { generation: -1, id: '' }
const METADATA_TTL_MS = 5_000
const CLIENT = 'signalbox'
const CLIENT_VERSION = '1'

export class Cluster {
  readonly #spec: SourceSpec
  readonly #broker: BrokerSpec
  readonly #connections: BrokerConnections
  #topic: Promise<Topic> | null = null
  #topicUntil = 0
  #brokers: ReadonlyMap<number, BrokerAddress> = new Map()
  #isChecked = false

  constructor(spec: SourceSpec, broker: BrokerSpec, connections: BrokerConnections) {
    this.#spec = spec
    this.#broker = broker
    this.#connections = connections
  }

  /** Asks for the topic, unless that was done a moment ago. */
  topic(context: BrokerContext): Promise<Topic> {
    if (this.#topic === null || performance.now() >= this.#topicUntil) {
      const asking = this.#askTopic(context)
      this.#topic = asking
      this.#topicUntil = performance.now() + METADATA_TTL_MS
      asking.catch(() => this.forgetTopic(asking))
    }
    return untilAbort(this.#topic, context.signal)
  }

  /** The next question goes to the cluster, for example because a leader has changed. */
  forgetTopic(known: Promise<Topic> | null = this.#topic): void {
    if (this.#topic === known) this.#topic = null
  }

  async leaderOf(partition: number, context: BrokerContext): Promise<BrokerAddress> {
    const leader = (await this.topic(context)).leaders.get(partition)
    if (leader === undefined) {
      throw new UserError(`${this.#spec.name}: the topic has no partition ${partition}`, {
        code: 'refused-source',
        hint: 'add partitions to the topic, or stop reading it',
      })
    }
    const address = leader === null ? undefined : this.#brokers.get(leader)
    if (address !== undefined) return address
    this.forgetTopic()
    throw new RetryableError(`${this.#spec.name}: no broker leads the partition ${partition}`)
  }

  /** Returns the offset of the first record of a time, else null. @param time also `LATEST` or `EARLIEST`. */
  async offsetAt(partition: number, time: number, context: BrokerContext): Promise<number | null> {
    const leader = await this.leaderOf(partition, context)
    const asked = { partitionIndex: partition, currentLeaderEpoch: UNKNOWN_EPOCH, timestamp: BigInt(time) }
    const topics = [{ name: this.#broker.log, partitions: [asked] }]
    try {
      const asking = this.#ask(leader, context, (connection) =>
        listOffsetsV7.api.async(connection, CONSUMER, READ_COMMITTED, topics),
      )
      const { topics: answers } = await untilAbort(asking, context.signal)
      const offset = Number(answers[0]?.partitions[0]?.offset ?? -1)
      return offset < 0 ? null : offset
    } catch (error) {
      this.forgetTopic()
      throw error
    }
  }

  /** Commits offsets to a group, so that tools see how far reading is. */
  async commitToGroup(
    group: string,
    offsets: ReadonlyMap<number, number>,
    context: BrokerContext,
  ): Promise<void> {
    const partitions = [...offsets].map(([partitionIndex, offset]) => ({
      partitionIndex,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: UNKNOWN_EPOCH,
      committedMetadata: null,
    }))
    const topics = [{ name: this.#broker.log, partitions }]
    const { coordinators } = await this.#askAny(context, (connection) =>
      findCoordinatorV4.api.async(connection, GROUP, [group]),
    )
    const { generation, id } = NO_MEMBER
    await this.#ask(coordinators[0]!, context, (connection) =>
      offsetCommitV8.api.async(connection, group, generation, id, null, topics),
    )
  }

  async #askTopic(context: BrokerContext): Promise<Topic> {
    const { log } = this.#broker
    const { brokers, topics } = await this.#askAny(context, async (connection) => {
      await this.#check(connection)
      return answerInSpiteOfErrors(metadataV12.api.async(connection, [log], false, false))
    })
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    const [topic] = topics
    const error = topic === undefined ? null : codeName(topic.errorCode)
    if (topic === undefined || (error !== null && LEADER_ERRORS.has(error)))
      throw new RetryableError(`${this.#spec.name}: the topic is not ready`)
    return {
      id: topic.topicId,
      leaders: new Map(
        topic.partitions.map(({ partitionIndex, leaderId }) => [
          partitionIndex,
          leaderId < 0 ? null : leaderId,
        ]),
      ),
    }
  }

  /** The ids of topics make older brokers different. */
  async #check(connection: Connection): Promise<void> {
    if (this.#isChecked) return
    const isOld = await apiVersionsV3.api.async(connection, CLIENT, CLIENT_VERSION).then(
      ({ apiKeys }) =>
        !apiKeys.some(
          ({ apiKey, maxVersion }) => apiKey === FETCH_API.key && maxVersion >= FETCH_API.version,
        ),
      (error: unknown) => {
        if (nestedErrors(error).some(({ apiId }) => apiId === 'UNSUPPORTED_VERSION')) return true
        throw error
      },
    )
    if (isOld) {
      throw new UserError(`${this.#spec.name}: the broker does not know the ids of topics`, {
        code: 'refused-source',
        hint: 'use Apache Kafka 3.1 or later, or a broker that speaks the same version of the protocol',
      })
    }
    this.#isChecked = true
  }

  /** Asks one broker after the other until one answers. */
  async #askAny<T>(context: BrokerContext, request: (connection: Connection) => Promise<T>): Promise<T> {
    let failure: unknown
    for (const address of distinct([...this.#broker.addresses, ...this.#brokers.values()])) {
      try {
        return await this.#ask(address, context, request)
      } catch (error) {
        if (isError(error, 'user')) throw error
        failure ??= error
      }
    }
    throw failure
  }

  #ask<T>(
    to: BrokerAddress,
    context: BrokerContext,
    request: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    return this.#connections.send(to, 'ask', context, request)
  }
}

/** The library rejects an answer as a whole in which one partition has no leader. */
async function answerInSpiteOfErrors<T extends object>(asking: Promise<T>): Promise<T> {
  try {
    return await asking
  } catch (error) {
    const { response } = error as { response?: T }
    const codes = nestedErrors(error).flatMap(({ apiId }) => apiId ?? [])
    if (response !== undefined && codes.every((code) => LEADER_ERRORS.has(code))) return response
    throw error
  }
}

function distinct(addresses: readonly BrokerAddress[]): readonly BrokerAddress[] {
  return [...new Map(addresses.map((each) => [`${each.host}:${each.port}`, each])).values()]
}
