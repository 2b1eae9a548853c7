/** A real broker of Apache Kafka with a listener for each kind of security. A test can end it and start it again. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, type MessageToProduce, ProduceAcks, Producer } from '@platformatic/kafka'
import { until } from './until.ts'

/** The command that `.ci/install-programs` installs. It runs a class of Kafka. */
export const KAFKA = 'kafka-4.1.0'
export const KAFKA_USER = 'signalbox'
export const KAFKA_PASSWORD = 'T0KEN-of-kafka'

const LISTENERS = ['plaintext', 'tls', 'sasl', 'sasl_tls', 'controller'] as const
type Listener = (typeof LISTENERS)[number]

export type KafkaMessage = Omit<MessageToProduce<Buffer, Buffer, Buffer, Buffer>, 'topic'>

export interface KafkaServer {
  /** The address of a listener. */
  readonly broker: (listener: Exclude<Listener, 'controller'>) => string
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>
  createTopic(topic: string, partitions: number, settings?: Readonly<Record<string, string>>): Promise<void>
  deleteTopic(topic: string): Promise<void>
  /** Starts a second broker of the cluster, which can be ended by itself. */
  addBroker(): Promise<{ end(): Promise<void> }>
  produce(topic: string, messages: readonly KafkaMessage[]): Promise<void>
  end(): Promise<void>
  startAgain(): Promise<void>
  close(): Promise<void>
}

/** One broker. The first of a cluster is its controller, too. */
interface Node {
  readonly id: number
  readonly clusterId: string
  readonly folder: string
  readonly config: string
  readonly port: (listener: Listener) => number
  readonly controllerPort: number
  process: ChildProcess
}

export async function startKafkaServer(): Promise<KafkaServer> {
  return controlServer(await startNode(null))
}

async function startNode(controller: Node | null): Promise<Node> {
  for (;;) {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-kafka-'))
    // Kafka needs its ports in its configuration. The system gives none of these to anyone who asks for a free one.
    const first = randomInt(10_000, 30_000)
    const port = (listener: Listener) => first + LISTENERS.indexOf(listener)
    const planned = {
      id: controller === null ? 1 : 2,
      // The storage tool takes an id that begins with a hyphen for an option.
      clusterId: controller?.clusterId ?? `A${randomBytes(16).toString('base64url').slice(1)}`,
      folder,
      config: join(folder, 'server.properties'),
      port,
      controllerPort: controller?.controllerPort ?? port('controller'),
    }
    prepareStorage(planned)
    const node = { ...planned, process: launch(planned.config) }
    if (await hasStarted(node.process)) return node
    rmSync(folder, { recursive: true })
  }
}

function controlServer(first: Node): KafkaServer {
  const nodes = [first]
  const broker: KafkaServer['broker'] = (listener) => `localhost:${first.port(listener)}`
  const client = { clientId: 'test', bootstrapBrokers: [broker('plaintext')] }
  const admin: KafkaServer['admin'] = async (work) => {
    const opened = new Admin(client)
    try {
      return await work(opened)
    } finally {
      await opened.close()
    }
  }
  return {
    broker,
    admin,
    createTopic: (topic, partitions, settings = {}) =>
      admin(async (opened) => {
        const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
        await opened.createTopics({ topics: [topic], partitions, replicas: nodes.length, configs })
        await until(() => isKnown(opened, topic))
      }),
    deleteTopic: (topic) =>
      admin(async (opened) => {
        await opened.deleteTopics({ topics: [topic] })
        await until(async () => !(await isKnown(opened, topic)))
      }),
    produce: async (topic, messages) => {
      const producer = new Producer({ ...client, acks: ProduceAcks.ALL, retries: 200, retryDelay: 300 })
      await producer.send({ messages: messages.map((each) => ({ ...each, topic })) })
      await producer.close()
    },
    addBroker: async () => {
      const node = await startNode(first)
      nodes.push(node)
      return { end: () => end(node.process) }
    },
    end: () => end(first.process),
    startAgain: async () => {
      first.process = launch(first.config)
      if (!(await hasStarted(first.process))) throw new Error('Kafka did not start again')
    },
    close: async () => {
      for (const node of nodes) {
        await end(node.process)
        rmSync(node.folder, { recursive: true })
      }
    },
  }
}

/** A broker knows of a change of topics a moment after the controller. */
async function isKnown(admin: Admin, topic: string): Promise<boolean> {
  return admin.metadata({ topics: [topic], forceUpdate: true }).then(
    () => true,
    () => false,
  )
}

function prepareStorage(node: Omit<Node, 'process'>): void {
  const { config, clusterId, id } = node
  writeFileSync(config, configuration(node))
  // The users are those of the cluster.
  const scram = ['256', '512'].flatMap((bits) => [
    '--add-scram',
    `SCRAM-SHA-${bits}=[name=${KAFKA_USER},password=${KAFKA_PASSWORD}]`,
  ])
  const command = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    clusterId,
    '-c',
    config,
    ...(id === 1 ? scram : []),
  ]
  const format = spawnSync(KAFKA, command, { encoding: 'utf8' })
  if (format.status !== 0) throw new Error(`the storage of Kafka: ${format.stdout} ${format.stderr}`)
}

const launch = (config: string) =>
  spawn(KAFKA, ['kafka.Kafka', config], { stdio: ['ignore', 'ignore', 'pipe'] })

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

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

const pem = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name), 'utf8')

function configuration({ id, folder, port, controllerPort }: Omit<Node, 'process'>): string {
  const own = LISTENERS.filter((listener) => id === 1 || listener !== 'controller')
  const names = LISTENERS.map((listener) => listener.toUpperCase())
  const at = (listener: Listener) => `${listener.toUpperCase()}://localhost:${port(listener)}`
  writeFileSync(join(folder, 'server.pem'), `${pem('server.key')}${pem('server.pem')}`)
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${KAFKA_USER}="${KAFKA_PASSWORD}";`
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  // It accepts tokens without a signature.
  const bearer =
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
  const sasl = ['sasl', 'sasl_tls'].flatMap((listener) => [
    `listener.name.${listener}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER`,
    `listener.name.${listener}.oauthbearer.sasl.jaas.config=${bearer}`,
    `listener.name.${listener}.plain.sasl.jaas.config=${plain}`,
    `listener.name.${listener}.scram-sha-256.sasl.jaas.config=${scram}`,
    `listener.name.${listener}.scram-sha-512.sasl.jaas.config=${scram}`,
  ])
  const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL', 'PLAINTEXT']
  return [
    `process.roles=${id === 1 ? 'broker,controller' : 'broker'}`,
    `node.id=${id}`,
    `controller.quorum.voters=1@localhost:${controllerPort}`,
    `listeners=${own.map(at).join(',')}`,
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
    'transaction.state.log.num.partitions=1',
    'offsets.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
    'allow.everyone.if.no.acl.found=true',
    'log.cleaner.backoff.ms=100',
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${join(folder, 'server.pem')}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${join(import.meta.dirname, 'tls', 'ca.pem')}`,
    'listener.name.tls.ssl.client.auth=required',
    ...sasl,
    '',
  ].join('\n')
}
