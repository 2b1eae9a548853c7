/** A real broker of Apache Kafka with a listener for each kind of security, and a consumer of Kafka's own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'

/** The command that `.ci/install-programs` installs. It runs a class of Kafka. */
export const KAFKA = 'kafka-4.1.0'
export const KAFKA_USER = 'signalbox'
export const KAFKA_PASSWORD = 'T0KEN-of-kafka'

const LISTENERS = ['plaintext', 'tls', 'sasl', 'sasl_tls', 'controller'] as const
type Listener = (typeof LISTENERS)[number]

export interface KafkaRecordRead {
  readonly headers: string
  readonly key: string
  readonly value: string
}

export interface KafkaBroker {
  /** The address of a listener. */
  readonly broker: (listener: Exclude<Listener, 'controller'>) => string
  /** The records of the topic `soc.alerts` as the consumer of Kafka printed them. */
  readonly records: () => KafkaRecordRead[]
  close(): Promise<void>
}

/** @param topics further topics with their settings; `soc.alerts` is always there. */
export async function startKafka(
  topics: Readonly<Record<string, Record<string, string>>>,
): Promise<KafkaBroker> {
  for (;;) {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-kafka-'))
    // Kafka needs its ports in its configuration. The system gives none of these to anyone who asks for a free one.
    const first = randomInt(10_000, 30_000)
    const port = (listener: Listener) => first + LISTENERS.indexOf(listener)
    const server = startBroker(folder, port)
    try {
      if (await hasStarted(server)) {
        await createTopics(`localhost:${port('plaintext')}`, { 'soc.alerts': {}, ...topics })
        return openBroker(folder, port, server)
      }
    } catch (error) {
      await end(server)
      rmSync(folder, { recursive: true })
      throw error
    }
    rmSync(folder, { recursive: true })
  }
}

async function openBroker(
  folder: string,
  port: (listener: Listener) => number,
  server: ChildProcess,
): Promise<KafkaBroker> {
  let printed = ''
  const consumer = spawn(KAFKA, [
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    `--bootstrap-server=localhost:${port('plaintext')}`,
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
    broker: (listener) => `localhost:${port(listener)}`,
    records: () => {
      if (consumer.exitCode !== null) throw new Error(`the consumer of Kafka ended: ${complaint}`)
      const lines = printed.split('\n').slice(0, -1)
      return lines.map((line) => {
        const [headers = '', key = '', ...value] = line.split('\t')
        return { headers, key, value: value.join('\t') }
      })
    },
    close: async () => {
      await Promise.all([end(consumer), end(server)])
      rmSync(folder, { recursive: true })
    },
  }
}

function startBroker(folder: string, port: (listener: Listener) => number): ChildProcess {
  const config = join(folder, 'server.properties')
  writeFileSync(config, configuration(folder, port))
  const id = randomBytes(16).toString('base64url')
  const scram = ['256', '512'].flatMap((bits) => [
    '--add-scram',
    `SCRAM-SHA-${bits}=[name=${KAFKA_USER},password=${KAFKA_PASSWORD}]`,
  ])
  const format = spawnSync(KAFKA, ['kafka.tools.StorageTool', 'format', '-t', id, '-c', config, ...scram], {
    encoding: 'utf8',
  })
  if (format.status !== 0) throw new Error(`the storage of Kafka: ${format.stdout} ${format.stderr}`)
  return spawn(KAFKA, ['kafka.Kafka', config], { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Resolves when the broker says that it has started, or with false when it ends, because a port is in use. */
function hasStarted(server: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let log = ''
    server.once('exit', () => resolve(false))
    server.stderr!.setEncoding('utf8').on('data', (text) => {
      log = `${log}${String(text)}`.slice(-10_000)
      if (log.includes('Kafka Server started')) resolve(true)
    })
  })
}

async function createTopics(
  broker: string,
  topics: Readonly<Record<string, Record<string, string>>>,
): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker] })
  for (const [topic, settings] of Object.entries(topics)) {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs })
  }
  await admin.close()
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

const pem = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name), 'utf8')

function configuration(folder: string, port: (listener: Listener) => number): string {
  const names = LISTENERS.map((listener) => listener.toUpperCase())
  const at = (listener: Listener) => `${listener.toUpperCase()}://localhost:${port(listener)}`
  writeFileSync(join(folder, 'server.pem'), `${pem('server.key')}${pem('server.pem')}`)
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${KAFKA_USER}="${KAFKA_PASSWORD}";`
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  const sasl = ['sasl', 'sasl_tls'].flatMap((listener) => [
    `listener.name.${listener}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512`,
    `listener.name.${listener}.plain.sasl.jaas.config=${plain}`,
    `listener.name.${listener}.scram-sha-256.sasl.jaas.config=${scram}`,
    `listener.name.${listener}.scram-sha-512.sasl.jaas.config=${scram}`,
  ])
  const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL', 'PLAINTEXT']
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@localhost:${port('controller')}`,
    `listeners=${LISTENERS.map(at).join(',')}`,
    `advertised.listeners=${LISTENERS.filter((each) => each !== 'controller')
      .map(at)
      .join(',')}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    `listener.security.protocol.map=${names.map((name, i) => `${name}:${protocols[i]}`).join(',')}`,
    `log.dirs=${join(folder, 'logs')}`,
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${join(folder, 'server.pem')}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${join(import.meta.dirname, 'tls', 'ca.pem')}`,
    'listener.name.tls.ssl.client.auth=required',
    ...sasl,
    '',
  ].join('\n')
}
