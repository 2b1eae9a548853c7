/** A broker of Apache Kafka, and a consumer of Kafka's own that reads one topic. */
import { spawn } from 'node:child_process'
import { end, KAFKA, type KafkaServer, startKafkaServer } from './kafka-server.ts'

export { KAFKA, KAFKA_PASSWORD, KAFKA_USER } from './kafka-server.ts'

export interface KafkaRecordRead {
  readonly headers: string
  readonly key: string
  readonly value: string
}

export interface KafkaBroker {
  /** The address of a listener. */
  readonly broker: KafkaServer['broker']
  /** The records of the topic `soc.alerts` as the consumer of Kafka printed them. */
  readonly records: () => KafkaRecordRead[]
  close(): Promise<void>
}

/** @param topics further topics with their settings; `soc.alerts` is always there. */
export async function startKafka(
  topics: Readonly<Record<string, Record<string, string>>>,
): Promise<KafkaBroker> {
  const server = await startKafkaServer()
  try {
    for (const [topic, settings] of Object.entries({ 'soc.alerts': {}, ...topics }))
      await server.createTopic(topic, 1, settings)
    return openBroker(server)
  } catch (error) {
    await server.close()
    throw error
  }
}

function openBroker(server: KafkaServer): KafkaBroker {
  let printed = ''
  const consumer = spawn(KAFKA, [
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    `--bootstrap-server=${server.broker('plaintext')}`,
    '--topic=soc.alerts',
    '--partition=0',
    '--offset=earliest',
    '--property=print.headers=true',
    '--property=print.key=true',
  ])
  consumer.stdout.setEncoding('utf8').on('data', (text) => {
    printed += String(text)
  })
  let complaint = ''
  consumer.stderr.setEncoding('utf8').on('data', (text) => {
    complaint = `${complaint}${String(text)}`.slice(-2_000)
  })
  return {
    broker: server.broker,
    records: () => {
      if (consumer.exitCode !== null) throw new Error(`the consumer of Kafka ended: ${complaint}`)
      const lines = printed.split('\n').slice(0, -1)
      return lines.map((line) => {
        const [headers = '', key = '', ...value] = line.split('\t')
        return { headers, key, value: value.join('\t') }
      })
    },
    close: async () => {
      await Promise.all([end(consumer), server.close()])
    },
  }
}
