/** Apache Kafka: the notification as a record in a topic, acknowledged by all replicas that are in sync. */
import { isIP } from 'node:net'
import { describeKafkaError } from '../brokers/kafka-failures.ts'
import { RetryableError } from '../errors.ts'
import { defineDestination, type Message, type Receipt } from './_destination.ts'
import { TLS_PROPERTIES } from './_options.ts'
import { attemptFailure } from './parts/direct/attempt-failure.ts'
import { KAFKA_OUTCOMES } from './parts/direct/kafka-errors.ts'
import { notificationWithin } from './parts/notification-size.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly recordKey?: 'alert' | 'detection' | 'delivery'
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly user?: string
  readonly password?: string
  readonly tls?: boolean
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

interface KafkaRecord {
  readonly topic: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: string
}

/** The usual `message.max.bytes` of a broker is 1 MiB with everything that is around the record. */
const RECORD_LIMIT_BYTES = 1_000_000
const TIMEOUT_MS = 10_000
/** A broker sends less than this to a producer of one record. */
const MAX_ANSWER_BYTES = 1024 * 1024
/** The broker answers before the client's own limit, so that the answer says what was missing. */
const ACKNOWLEDGEMENT_TIMEOUT_MS = 8_000

export default defineDestination<KafkaOptions, KafkaRecord>({
  type: 'kafka',
  summary: 'a record in a topic of Apache Kafka',
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['brokers', 'topic'],
    dependencies: {
      mechanism: ['user'],
      user: ['mechanism', 'password'],
      password: ['user'],
      certificate: ['key'],
      key: ['certificate'],
    },
    properties: {
      brokers: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', pattern: '^(?:\\[[0-9a-fA-F:]+\\]|[^\\s:/@\\[\\]]+):\\d{1,5}$' },
        examples: [['kafka-1.example.com:9093', 'kafka-2.example.com:9093']],
        description: 'Brokers of one cluster with their ports. The first that answers names the others.',
      },
      topic: text('The topic. It must exist.', 'soc.alerts', { pattern: '^[\\w.-]{1,249}$' }),
      recordKey: {
        enum: ['alert', 'detection', 'delivery'],
        default: 'alert',
        description:
          'The key of the record, which chooses the partition: the id of the alert or of the detection, or the idempotency key of the delivery.',
      },
      mechanism: {
        enum: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
        description: 'The mechanism of SASL; absent: the broker asks for no password.',
      },
      user: text('A user.', 'signalbox'),
      password: secretText('KAFKA_PASSWORD', "The user's password."),
      tls: {
        type: 'boolean',
        default: true,
        description:
          'Connect by TLS. Without it everyone on the way can read the alerts, and the password of `PLAIN`.',
      },
      ...TLS_PROPERTIES,
    },
    additionalProperties: false,
  },
  outcomes: KAFKA_OUTCOMES,
  payload(message, { topic, recordKey = 'alert' }) {
    const truncation = new Truncation()
    const value = notificationWithin(message, truncation, RECORD_LIMIT_BYTES)
    const { severity, id, alertId } = message.notification
    const headers = { severity, detection: id, alertId, idempotencyKey: message.idempotencyKey }
    return { topic, key: keyOf(message, recordKey), headers, value, notes: truncation.notes }
  },
  async send(record, options, { signal }) {
    try {
      return await produce(record, options, signal)
    } catch (error) {
      const message = `kafka://${options.brokers.join(',')}: ${describeKafkaError(error, TIMEOUT_MS)}`
      throw attemptFailure(KAFKA_OUTCOMES.faults, error, message)
    }
  },
})

function keyOf(message: Message, recordKey: NonNullable<KafkaOptions['recordKey']>): string {
  const { alertId, id } = message.notification
  return { alert: alertId, detection: id, delivery: message.idempotencyKey }[recordKey]
}

/**
 * The library makes one attempt, because the delivery has its own. Its idempotent producer would remove only the
 * duplicates of attempts of its own, and it waits for ever for a broker that refuses to name a producer.
 */
async function produce(record: KafkaRecord, options: KafkaOptions, signal: AbortSignal): Promise<Receipt> {
  const { ProduceAcks, Producer, stringSerializers } = await import('@platformatic/kafka')
  const { BoundedConnections } = await import('../brokers/kafka-connections.ts')
  const connections = new BoundedConnections(MAX_ANSWER_BYTES)
  const producer = new Producer({
    clientId: 'signalbox',
    bootstrapBrokers: options.brokers.map(brokerOf),
    serializers: stringSerializers,
    acks: ProduceAcks.ALL,
    retries: 0,
    connectTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    timeout: ACKNOWLEDGEMENT_TIMEOUT_MS,
    context: connections,
    ...securityOf(options),
  })
  try {
    const { topic, key, headers, value } = record
    const sent = producer.send({ messages: [{ topic, key, headers: { ...headers }, value }] })
    const { offsets = [] } = await Promise.race([sent, interruption(signal)])
    const [stored] = offsets
    if (stored === undefined) throw new RetryableError('the broker acknowledged no record')
    return { message: `stored in ${topic}, partition ${stored.partition}, as ${stored.offset}` }
  } catch (error) {
    throw connections.excess ?? error
  } finally {
    connections.close()
    await producer.close()
  }
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const interrupt = () => reject(new RetryableError('interrupted'))
    if (signal.aborted) interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
  })
}

function brokerOf(broker: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(broker) ?? []
  return { host, port: Number(port) }
}

function securityOf(options: KafkaOptions): object {
  const { brokers, mechanism, user: username, password, tls = true, ca, certificate: cert, key } = options
  // A proxy in front of several clusters chooses by the name; an address has none.
  const hasNames = brokers.every((broker) => isIP(brokerOf(broker).host) === 0)
  return {
    ...(mechanism !== undefined && { sasl: { mechanism, username, password } }),
    ...(tls && {
      tls: { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert, key }) },
      tlsServerName: hasNames,
    }),
  }
}
