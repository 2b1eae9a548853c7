/** The source of a topic of Apache Kafka. Its partitions have a cursor each; no consumer group is needed. */
import type { BrokerContext, PartitionContext, PartitionedSource, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { requireReferences, requireTogether, TLS_OPTIONS, usesTls } from './broker/broker-security.ts'
import { type BrokerSpec, parseBrokerSpec } from './broker/broker-spec.ts'
import { BrokerConnections } from './kafka-topic/broker-connections.ts'
import { BrokerFetches } from './kafka-topic/broker-fetches.ts'
import { Cluster } from './kafka-topic/cluster.ts'
import { GroupOffsets } from './kafka-topic/group-offsets.ts'
import { HeldBytes } from './kafka-topic/held-bytes.ts'
import { checkSignIn, SIGN_IN_OPTIONS } from './kafka-topic/sign-in.ts'
import { cursorBehindOffset } from './kafka-topic/topic-cursor.ts'
import { TopicPartition } from './kafka-topic/topic-partition.ts'

const TOPIC = /^(?!\.{1,2}$)[\w.-]{1,249}$/
const OPTIONS = ['start', 'group', ...SIGN_IN_OPTIONS, ...TLS_OPTIONS]
const TOGETHER = { certificate: ['key'], key: ['certificate'] }
const SECRETS = ['password', 'token', 'ca', 'certificate', 'key']
/** The limits of all partitions together: what is fetched, and what is decoded and not settled. */
const MAX_FETCHED_BYTES = 32 * 1024 * 1024
const MAX_PLAIN_BYTES = 32 * 1024 * 1024

export default {
  scheme: 'kafka',
  summary: 'a topic of Apache Kafka, kafka:HOST:PORT/TOPIC',
  cursorBehind: cursorBehindOffset,
  open(spec) {
    refuseUnknownOptions(spec, OPTIONS)
    const broker = parseBrokerSpec(spec, 'TOPIC', (name) => TOPIC.test(name))
    requireReferences(spec, SECRETS)
    requireTogether(spec, TOGETHER)
    usesTls(spec, broker.addresses)
    checkSignIn(spec, broker.addresses)
    return openTopic(spec, broker)
  },
} satisfies SourceType

function openTopic(spec: SourceSpec, broker: BrokerSpec): PartitionedSource {
  const connections = new BrokerConnections(spec, broker)
  const cluster = new Cluster(spec, broker, connections)
  const fetches = new BrokerFetches(connections, new HeldBytes(MAX_FETCHED_BYTES))
  const plain = new HeldBytes(MAX_PLAIN_BYTES)
  const { group: name } = spec.options
  const group = name === undefined ? null : new GroupOffsets(cluster, name)
  /** The partitions of the first listing. Those that are added later are read from their first record on. */
  let first: ReadonlySet<string> | null = null
  return {
    ends: false,
    storedName: broker.storedName,
    list: async (context: BrokerContext) => {
      cluster.forgetTopic()
      const { leaders } = await cluster.topic(context)
      const partitions = [...leaders.keys()].sort((a, b) => a - b).map(String)
      first ??= new Set(partitions)
      return partitions
    },
    run: (partition: string, context: PartitionContext) => {
      const start = first?.has(partition) === false ? 'earliest' : broker.start
      const reading = { spec, topic: broker.log, start, partition: Number(partition) }
      return new TopicPartition({ ...reading, cluster, fetches, plain, group }, context).run()
    },
    close: async () => connections.close(),
  }
}
