// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Producer } from '@platformatic/kafka'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ByteBudget } from '../../src/daemon/partitions/byte-budget.ts'
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import { partitionedSourceContract } from '../contract/source-partitioned.ts'
import { manualClock } from '../support/clock.ts'
import {
  KAFKA,
  KAFKA_PASSWORD,
  KAFKA_USER,
  type KafkaMessage,
  type KafkaServer,
  startKafkaServer,
} from '../support/kafka-server.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { Ledger, type Member, type MemberOptions, startMember } from '../support/partition-member.ts'
import { REFUSING_PORT } from '../support/receiver.ts'
import { openPartitionedSource, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

let started: Promise<KafkaServer> | undefined
/** One broker for all tests of this file. */
function startOnce(): Promise<KafkaServer> {
  started ??= startKafkaServer()
  return started
}
afterAll(async () => (await started)?.close())

const valuesOf = (texts: readonly (string | Uint8Array)[], partition = 0): KafkaMessage[] =>
  texts.map((text) => ({ partition, value: Buffer.from(text) }))

partitionedSourceContract('kafka', {
  program: KAFKA,
  from: 'kafka:127.0.0.1:9092/events',
  start: async () => {
    const server = await startOnce()
    let logs = 0
    return {
      createLog: async () => {
        const topic = `log-${logs++}`
        await server.createTopic(topic, 2)
        return {
          from: `kafka:${server.broker('plaintext')}/${topic}`,
          options: '',
          names: [`kafka:${topic}#0`, `kafka:${topic}#1`] as const,
          publish: (partition, messages) => server.produce(topic, valuesOf(messages, partition)),
          expire: () => removeRecords(server, topic, 2),
          recreate: async () => {
            await server.deleteTopic(topic)
            await server.createTopic(topic, 2)
          },
        }
      },
      end: () => server.end(),
      startAgain: () => server.startAgain(),
      close: async () => {},
    }
  },
})

async function removeRecords(server: KafkaServer, topic: string, count: number): Promise<void> {
  // -1 is the end of the partition.
  const partitions = Array.from({ length: count }, (_, partition) => ({ partition, offset: -1n }))
  await server.admin((admin) => admin.deleteRecords({ topics: [{ name: topic, partitions }] }))
}

it.each([
  ['sasl=kerberos', /invalid sasl "kerberos"/, /scram-sha-512/],
  ['sasl=plain', /"sasl" requires "user"/, /add user/],
  ['user=me', /"user" does not belong to a source without sasl/, /sasl=scram-sha-256/],
  [
    'sasl=oauthbearer&token=${env:T}&user=me',
    /"user" does not belong to sasl=oauthbearer/,
    /sasl=plain or sasl=/,
  ],
  ['sasl=scram-sha-256&user=me&password=hunter2', /^(?!.*hunter2).*"password" is no reference/, /env:NAME/],
  ['sasl=aws-iam&externalId=1', /"externalId" requires "roleArn"/, /add roleArn/],
])('refuses %s', async (option, message, hint) => {
  const opening = openPartitionedSource(`kafka:127.0.0.1:9092/events?${option}`)
  await expect(opening).rejects.toMatchObject({ kind: 'user', hint: expect.stringMatching(hint) as unknown })
  await expect(opening).rejects.toThrow(message)
})

it.each([
  ['sasl=plain&user=me&password=${env:P}', true],
  ['sasl=oauthbearer&token=${env:T}', true],
  ['sasl=aws-iam', true],
  ['sasl=scram-sha-512&user=me&password=${env:P}', false],
])('decides whether %s may be sent to another machine without TLS', async (options, isRefused) => {
  const opening = openPartitionedSource(`kafka:kafka.example.com:9092/events?tls=false&${options}`)
  if (isRefused) await expect(opening).rejects.toThrow(/would be sent without TLS/)
  else await expect(opening).resolves.toMatchObject({ storedName: 'kafka:events' })
})

it('has no address in its stored name, and that of the operator if there is one', async () => {
  const source = await openPartitionedSource('kafka:a:1,b:2/events')
  expect(source.storedName).toBe('kafka:events')
  expect((await openPartitionedSource('kafka:a:1/events?name=other')).storedName).toBe('kafka:other')
})

it.each(['kafka:', 'kafka:host/events', 'kafka:host:9092', 'kafka:host:99999/events', 'kafka:host:1/a b'])(
  'refuses the target of %s',
  async (from) => {
    await expect(openPartitionedSource(from)).rejects.toMatchObject({
      kind: 'user',
      hint: expect.stringContaining('kafka:HOST:PORT/TOPIC') as unknown,
    })
  },
)

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', name), 'utf8')

/** A token without a signature. */
function tokenUntil(exp: number): string {
  const parts = [{ alg: 'none' }, { sub: 'signalbox', iat: 1, exp }]
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
}

const SECRETS = {
  '${env:RIGHT}': KAFKA_PASSWORD,
  '${env:WRONG}': 'hunter2',
  '${file:ca.pem}': pem('ca.pem'),
  '${file:client.pem}': pem('client.pem'),
  '${file:client.key}': pem('client.key'),
  '${env:TOKEN}': tokenUntil(4_000_000_000),
  '${env:OLD}': tokenUntil(2),
}
const CERTIFICATE = 'ca=${file:ca.pem}&certificate=${file:client.pem}&key=${file:client.key}'
const SCRAM = `sasl=scram-sha-512&user=${KAFKA_USER}`

describeWithProgram(KAFKA, 'a broker of Kafka', () => {
  let server: KafkaServer
  let members: Member[] = []
  beforeAll(async () => {
    server = await startOnce()
  })
  afterEach(async () => {
    await Promise.all(members.map((member) => member.stop().catch(() => {})))
    members = []
  })

  const start = async (
    topic: string,
    query = 'start=earliest',
    more: Partial<MemberOptions> & { listener?: Parameters<KafkaServer['broker']>[0]; port?: number } = {},
  ) => {
    const { listener = 'plaintext', port, ...options } = more
    const store = await openStore('memory:', { clock: manualClock(), projectRoot: '/' })
    const ledger = new Ledger()
    const address = port === undefined ? server.broker(listener) : `localhost:${port}`
    const from = `kafka:${address}/${topic}?${query}`
    const member = await startMember({ from, store, ledger, secrets: SECRETS, ...options })
    members.push(member)
    return { member, ledger, store }
  }
  const read = (ledger: Ledger, count: number) =>
    until(() => ledger.texts.length >= count, { what: `${count} events` })
  const texts = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `{"n":${from + n}}`)

  it('reads four partitions, each in order and each event once, also what comes later', async () => {
    await server.createTopic('four', 4)
    const own = (partition: number) => texts(1_000 * partition, 1_000 * partition + 500)
    for (const partition of [0, 1, 2, 3]) await server.produce('four', valuesOf(own(partition), partition))
    const { ledger, member } = await start('four')
    await read(ledger, 2_000)
    await server.produce('four', valuesOf(['{"last":1}'], 3))
    await read(ledger, 2_001)
    for (const partition of [0, 1, 2])
      expect(ledger.committed.get(`kafka:four#${partition}`)).toEqual(own(partition))
    expect(ledger.committed.get('kafka:four#3')).toEqual([...own(3), '{"last":1}'])
    await until(() =>
      member.states.gauges().some(({ labels, value }) => labels?.state === 'caught_up' && value === 4),
    )
    expect(member.log.lines).toEqual([])
  })

  it('reads what transactions committed, and passes what they aborted and their markers', async () => {
    await server.createTopic('transactions', 1)
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [server.broker('plaintext')],
      idempotent: true,
      transactionalId: 'test',
    })
    const transact = async (numbers: readonly string[], end: 'commit' | 'abort') => {
      const transaction = await producer.beginTransaction()
      for (const text of numbers)
        await transaction.send({
          messages: [{ topic: 'transactions', partition: 0, value: Buffer.from(text) }],
        })
      await transaction[end]()
    }
    await transact(texts(0, 3), 'commit')
    await transact(texts(3, 6), 'abort')
    await server.produce('transactions', valuesOf(texts(6, 7)))
    await transact(texts(7, 9), 'abort')
    await transact(texts(9, 12), 'commit')
    await producer.close()
    const { ledger, member, store } = await start('transactions')
    await read(ledger, 7)
    expect(ledger.texts).toEqual([...texts(0, 3), ...texts(6, 7), ...texts(9, 12)])
    // 12 records and 4 markers.
    await until(async () => (await store.partitions())[0]?.cursor?.includes('"offset":16,'))
    await member.stop()
    expect(ledger.findings).toEqual([])
  })

  it('reads over the gaps of a compacted topic, and passes and counts tombstones', async () => {
    await server.createTopic('compacted', 1, {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.001',
      'segment.bytes': '1048576',
      'segment.ms': '100',
    })
    const padding = 'x'.repeat(1_000)
    const keyed = (n: number): KafkaMessage => ({
      partition: 0,
      key: Buffer.from(`key ${n % 5}`),
      value: Buffer.from(JSON.stringify({ n, padding })),
    })
    const sizeOf = async () => {
      const [log] = (
        await server.admin((admin) =>
          admin.describeLogDirs({ topics: [{ name: 'compacted', partitions: [0] }] }),
        )
      ).flatMap(({ results }) => results)
      return Number(log?.topics[0]?.partitions[0]?.partitionSize ?? 0n)
    }
    await server.produce(
      'compacted',
      Array.from({ length: 200 }, (_, n) => keyed(n)),
    )
    await until(
      async () => {
        // A segment is closed by the next record, and the last one is never compacted.
        await server.produce('compacted', [keyed(0)])
        return (await sizeOf()) < 100_000
      },
      { timeoutMs: 60_000 },
    )
    await server.produce('compacted', [{ partition: 0, key: Buffer.from('key 0'), value: null as never }])
    await server.produce(
      'compacted',
      valuesOf(['{"last":1}']).map((each) => ({ ...each, key: Buffer.from('l') })),
    )
    const { ledger, member } = await start('compacted', 'start=earliest', { eventBytes: 10_000 })
    await until(() => ledger.texts.includes('{"last":1}'))
    expect(ledger.texts.length).toBeLessThan(200)
    expect(new Set(ledger.texts).size).toBeGreaterThan(4)
    expect(member.passed()).toBe(1)
    expect(ledger.rejects).toEqual([])
    expect(ledger.findings).toEqual([])
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'reads what the producer of Kafka has compressed with %s',
    async (compression) => {
      const topic = `packed-${compression}`
      await server.createTopic(topic, 1)
      const sent = Array.from({ length: 300 }, (_, n) => JSON.stringify({ n, text: 'abc'.repeat(n) }))
      const produced = spawnSync(
        KAFKA,
        [
          'org.apache.kafka.tools.ConsoleProducer',
          `--bootstrap-server=${server.broker('plaintext')}`,
          `--topic=${topic}`,
          `--compression-codec=${compression}`,
        ],
        { input: `${sent.join('\n')}\n`, encoding: 'utf8' },
      )
      expect(produced.status, produced.stderr).toBe(0)
      const { ledger } = await start(topic)
      await read(ledger, 300)
      expect(ledger.texts).toEqual(sent)
    },
  )

  it('stops a partition whose batch cannot be decoded, says where, and reads the others', async () => {
    await server.createTopic('bomb', 2)
    await server.produce('bomb', valuesOf(['{"n":0}']))
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [server.broker('plaintext')],
      compression: 'gzip',
    })
    const value = Buffer.alloc(65 * 1024 * 1024)
    await producer.send({ messages: [{ topic: 'bomb', partition: 0, value }] })
    await producer.close()
    await server.produce('bomb', valuesOf(['{"n":1}'], 1))
    const { ledger } = await start('bomb')
    await until(() => ledger.findings.length > 0)
    await read(ledger, 2)
    expect(ledger.texts.sort()).toEqual(['{"n":0}', '{"n":1}'])
    expect(ledger.findings).toMatchObject([
      {
        code: 'PartitionStopped',
        description: expect.stringMatching(
          /at offset 1: the batch of the offsets 1 to 1: the gzip data exceeds 67108864 bytes/,
        ) as unknown,
      },
    ])
  })

  it('rejects a record whose content-encoding is unknown, with its offset', async () => {
    await server.createTopic('encoded', 1)
    const headers = new Map([[Buffer.from('Content-Encoding'), Buffer.from('br')]])
    await server.produce('encoded', [
      ...valuesOf(['{"n":0}']),
      { partition: 0, value: Buffer.from('?'), headers },
      ...valuesOf(['{"n":2}']),
    ])
    const { ledger } = await start('encoded')
    await read(ledger, 2)
    expect(ledger.texts).toEqual(texts(0, 3).filter((_, n) => n !== 1))
    expect(ledger.rejects).toEqual(['kafka:encoded#0 offset 1: the content-encoding "br" is unknown'])
  })

  it.each([
    ['plain', `sasl=plain&user=${KAFKA_USER}&password=\${env:RIGHT}`, 'sasl'],
    ['scram-sha-256', `sasl=scram-sha-256&user=${KAFKA_USER}&password=\${env:RIGHT}`, 'sasl'],
    ['scram-sha-512 by TLS', `${SCRAM}&password=\${env:RIGHT}&tls=true&ca=\${file:ca.pem}`, 'sasl_tls'],
    ['oauthbearer', 'sasl=oauthbearer&token=${env:TOKEN}', 'sasl'],
    ['a certificate', `tls=true&${CERTIFICATE}`, 'tls'],
  ] as const)('signs in with %s', async (name, query, listener) => {
    const topic = `secure-${name.replaceAll(' ', '-')}`
    await server.createTopic(topic, 1)
    await server.produce(topic, valuesOf(['{"n":0}']))
    const { ledger } = await start(topic, `start=earliest&${query}`, { listener })
    await read(ledger, 1)
  })

  it('signs in again with another token before the sign-in ends', async () => {
    await server.createTopic('session', 1)
    let tokens = 0
    const secrets = {
      get '${env:SHORT}'() {
        tokens++
        return tokenUntil(Date.now() / 1_000 + 5)
      },
    }
    const query = 'start=earliest&sasl=oauthbearer&token=${env:SHORT}'
    const { ledger, member } = await start('session', query, { listener: 'sasl', secrets })
    await until(() => member.hasStarted)
    const before = tokens
    await until(() => tokens > before + 4)
    await server.produce('session', valuesOf(['{"n":0}']))
    await read(ledger, 1)
    expect(member.log.lines).toEqual([])
  })

  it.each([
    [
      'a password that is not asked for',
      `sasl=plain&user=me&password=\${env:RIGHT}`,
      'plaintext',
      /refuses the sign-in: /,
      /remove sasl/,
    ],
    [
      'a wrong password',
      `${SCRAM}&password=\${env:WRONG}`,
      'sasl',
      /refuses the sign-in: /,
      /user and password/,
    ],
    [
      'a wrong password of plain',
      `sasl=plain&user=${KAFKA_USER}&password=\${env:WRONG}`,
      'sasl',
      /refuses the sign-in: /,
      /user and password/,
    ],
    [
      'a token that has expired',
      'sasl=oauthbearer&token=${env:OLD}',
      'sasl',
      /refuses the sign-in: /,
      /correct token/,
    ],
    ['no TLS', 'tls=false', 'tls', /the broker requires TLS/, /tls=true/],
  ] as const)('the run ends with %s, and names the setting', async (_, query, listener, message, hint) => {
    const { member } = await start('four', query, { listener })
    await expect(member.ended).rejects.toMatchObject({
      kind: 'user',
      hint: expect.stringMatching(hint) as unknown,
    })
    await expect(member.ended).rejects.toThrow(message)
    await expect(member.ended).rejects.not.toThrow(/hunter2/)
  })

  it('the run ends if the topic does not exist', async () => {
    const { member } = await start('missing')
    await expect(member.ended).rejects.toThrow(/the cluster has no topic missing$/)
  })

  it.each([
    ['the broker is not there', 'start=latest', { port: REFUSING_PORT }, /connection refused/],
    ['the authority is unknown', 'tls=true', { listener: 'tls' as const }, /unknown authority/],
    ['the sign-in is missing', 'start=latest', { listener: 'sasl' as const }, /without the option sasl/],
  ])('the source waits if %s, and says why', async (_, query, more, reason) => {
    const { member } = await start('four', query, more)
    await until(() => member.states.reasons().length > 0)
    expect(member.states.reasons()[0]).toMatch(reason)
  })

  it('stops the partitions of a topic that may not be read, and says what is missing', async () => {
    await server.createTopic('forbidden', 1)
    await server.admin((admin) =>
      admin.createAcls({
        creations: [
          {
            // A topic, by its own name, that may be described.
            resourceType: 2,
            resourceName: 'forbidden',
            resourcePatternType: 3,
            principal: `User:${KAFKA_USER}`,
            host: '*',
            operation: 8,
            permissionType: 3,
          },
        ],
      }),
    )
    const { ledger } = await start('forbidden', `${SCRAM}&password=\${env:RIGHT}`, { listener: 'sasl' })
    await until(() => ledger.findings.length > 0)
    expect(ledger.findings).toMatchObject([
      {
        code: 'PartitionStopped',
        description: expect.stringContaining(
          'the user may not read the topic forbidden: permit the operations Describe and Read',
        ) as unknown,
      },
    ])
  })

  it('commits offsets to a group only if one is named', async () => {
    await server.createTopic('grouped', 1)
    await server.produce('grouped', valuesOf(texts(0, 5)))
    const { ledger } = await start('grouped', 'start=earliest&group=lag-tools')
    await read(ledger, 5)
    const committed = async () =>
      server
        .admin((admin) => admin.listConsumerGroupOffsets({ groups: ['lag-tools'] }))
        .then(([group]) => group?.topics[0]?.partitions[0]?.committedOffset)
        .catch(() => undefined)
    await until(async () => (await committed()) === 5n, { timeoutMs: 30_000 })
    const groups = await server.admin((admin) => admin.listGroups())
    expect([...groups.keys()]).toEqual(['lag-tools'])
  })

  it('raises an alert if records were removed while the partition was read', async () => {
    await server.createTopic('late', 1)
    const { member, ledger } = await start('late', 'start=latest', { eventBytes: 1_000_000 })
    await until(() => member.hasStarted)
    member.hold()
    const text = JSON.stringify('x'.repeat(100_000))
    for (let n = 0; n < 30; n++) await server.produce('late', valuesOf(Array.from({ length: 9 }, () => text)))
    await until(() => member.held() > 0)
    await removeRecords(server, 'late', 1)
    await server.produce('late', valuesOf(['{"last":1}']))
    member.letGo()
    await until(() => ledger.texts.includes('{"last":1}'))
    const missing = 271 - ledger.texts.length
    expect(missing).toBeGreaterThan(0)
    expect(ledger.findings).toMatchObject([
      { code: 'EventsExpired', description: expect.stringContaining(`up to ${missing} records`) as unknown },
    ])
  })

  it('reads a partition that is added later from its first record on', async () => {
    await server.createTopic('growing', 1)
    const source = await openPartitionedSource(`kafka:${server.broker('plaintext')}/growing`)
    const abort = new AbortController()
    const sink = new Sink()
    const context = {
      ...sourceContext(sink, { signal: abort.signal, clock: systemClock }),
      name: 'kafka:growing#1',
      reveal: async (options: object) => ({
        options: options as Record<string, string>,
        redact: (text: string) => text,
      }),
      inFlight: new ByteBudget(1_000_000),
      caughtUp: () => {},
      setLag: () => {},
      recordPassed: () => {},
      stop: ({ message }: { message: string }) => {
        throw new Error(message)
      },
      reportLoss: async () => {},
    }
    expect(await source.list(context)).toEqual(['0'])
    await server.admin((admin) =>
      admin.createPartitions({ topics: [{ name: 'growing', count: 2, assignments: [{ brokerIds: [1] }] }] }),
    )
    await server.produce('growing', valuesOf(['{"n":0}'], 1))
    await until(async () => (await source.list(context)).length === 2)
    const reading = source.run('1', context)
    await until(() => sink.texts.length > 0)
    abort.abort()
    await reading
    await source.close()
    expect(sink.texts).toEqual(['{"n":0}'])
  })

  /** It is the last test, because the second broker stays away. */
  it('reads on when the leader of a partition ends and another broker leads it', async () => {
    const second = await server.addBroker()
    await server.createTopic('led', 2)
    const publish = async (from: number) => {
      for (const partition of [0, 1]) await server.produce('led', valuesOf(texts(from, from + 20), partition))
    }
    await publish(0)
    const { ledger } = await start('led')
    await read(ledger, 40)
    await second.end()
    await publish(20)
    await until(() => ledger.texts.length >= 80, { timeoutMs: 120_000 })
    for (const partition of [0, 1])
      expect(ledger.committed.get(`kafka:led#${partition}`)).toEqual(texts(0, 40))
    expect(ledger.findings).toEqual([])
  })
})
