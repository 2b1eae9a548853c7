/** A real broker of Apache Kafka with one topic. */
import { spawn } from 'node:child_process'
import { ProduceAcks, Producer } from '@platformatic/kafka'
import { KAFKA, startKafkaServer } from '../../support/kafka-server.ts'
import type { BrokerEvent, EventBroker } from './event-broker.ts'

const TOPIC = 'events'
const RETRY_DELAY_MS = 200

export async function startKafkaBroker(partitions: number): Promise<EventBroker> {
  const server = await startKafkaServer()
  await server.createTopic(TOPIC, partitions)
  const address = server.broker('plaintext')
  const open = () =>
    new Producer({ clientId: 'chaos', bootstrapBrokers: [address], acks: ProduceAcks.ALL, idempotent: true })
  let producer = open()
  const publishOnce = async (events: readonly BrokerEvent[]) => {
    const messages = events.map(({ partition, text }) => ({
      topic: TOPIC,
      partition,
      value: Buffer.from(text),
    }))
    await producer.send({ messages })
  }
  return {
    source: `kafka:${address}/${TOPIC}?start=earliest`,
    publish: async (events) => {
      for (;;) {
        try {
          return await publishOnce(events)
        } catch {
          // A batch whose answer was lost can be in the topic twice. The ledger is what the topic has.
          await producer.close(true).catch(() => {})
          producer = open()
          await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS))
        }
      }
    },
    restart: async () => {
      await server.end()
      await server.startAgain()
    },
    readBack: (onText) => consumeAll(address, onText),
    close: async () => {
      await producer.close(true).catch(() => {})
      await server.close()
    },
  }
}

/** Reads the topic by the consumer of Kafka itself, which ends when nothing more comes. */
function consumeAll(address: string, onText: (text: string) => void): Promise<void> {
  const consumer = spawn(KAFKA, [
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    `--bootstrap-server=${address}`,
    `--topic=${TOPIC}`,
    '--from-beginning',
    '--timeout-ms=15000',
  ])
  let unfinished = ''
  consumer.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unfinished + text).split('\n')
    unfinished = lines.pop() ?? ''
    for (const line of lines) onText(line)
  })
  consumer.stderr.resume()
  return new Promise((resolve) => consumer.on('close', () => resolve()))
}
