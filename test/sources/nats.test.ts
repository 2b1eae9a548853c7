// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ByteBudget } from '../../src/daemon/partitions/byte-budget.ts'
import type { TextBudget } from '../../src/sources/_source.ts'
import { openStore } from '../../src/store/open.ts'
import { partitionedSourceContract } from '../contract/source-partitioned.ts'
import { manualClock } from '../support/clock.ts'
import { type NatsServer, startNatsServer } from '../support/nats-server.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { Ledger, startMember } from '../support/partition-member.ts'
import { REFUSING_PORT } from '../support/receiver.ts'
import { openPartitionedSource } from '../support/source.ts'
import { until } from '../support/until.ts'

partitionedSourceContract('nats', {
  program: 'nats-server',
  from: 'nats:127.0.0.1:4222/EVENTS',
  start: async () => {
    const server = await startNatsServer()
    let logs = 0
    return {
      createLog: async () => {
        const name = `LOG${logs++}`
        const subject = (partition: number) => `${name}.${partition}`
        const create = () => server.addStream({ name, subjects: [`${name}.>`] })
        await create()
        return {
          from: `nats:127.0.0.1:${server.port}/${name}`,
          options: `subject=${name}.{0-1}`,
          names: [`nats:${name}#${subject(0)}`, `nats:${name}#${subject(1)}`] as const,
          publish: (partition, messages) => server.publish(subject(partition), messages),
          expire: async () => void (await (await server.manager()).streams.purge(name)),
          recreate: async () => {
            await (await server.manager()).streams.delete(name)
            await create()
          },
        }
      },
      end: () => server.end(),
      startAgain: () => server.startAgain(),
      close: () => server.close(),
    }
  },
})

it.each([
  ['subject=a..b', /invalid subject "a..b"/],
  ['subject=a.{3-1}.b', /the range \{3-1\} is empty/],
  ['subject=a.*,a.b', /the subjects "a.\*" and "a.b" overlap/],
  ['subject=a.>,a.b.c', /overlap/],
  ['subject=a.{0-2000}', /more than 1000 subjects/],
  ['user=me', /"user" requires "password"/],
])('refuses %s', async (option, message) => {
  await expect(openPartitionedSource(`nats:127.0.0.1:4222/EVENTS?${option}`)).rejects.toThrow(message)
})

it('refuses to send a token to another machine without TLS', async () => {
  const opening = openPartitionedSource('nats:nats.example.com:4222/EVENTS?tls=false&token=${env:T}')
  await expect(opening).rejects.toThrow(/"token" would be sent without TLS/)
})

it.each(['nats:', 'nats:host/EVENTS', 'nats:host:4222', 'nats:host:99999/EVENTS', 'nats:host:4222/a.b'])(
  'refuses the target of %s',
  async (from) => {
    await expect(openPartitionedSource(from)).rejects.toMatchObject({
      kind: 'user',
      hint: expect.stringContaining('nats:HOST:PORT/STREAM') as unknown,
    })
  },
)

const TOKEN = 'T0KEN-of-nats'

describeWithProgram('nats-server', 'a NATS server', () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNatsServer(TOKEN)
    await server.addStream({ name: 'EVENTS', subjects: ['ev.>'] })
    await server.addStream({ name: 'WORK', subjects: ['work.>'], retention: 'workqueue' })
  })
  afterAll(() => server.close())

  const start = async (
    port: number,
    stream: string,
    query: string,
    eventBytes = 1_000,
    inFlight?: TextBudget,
  ) => {
    const store = await openStore('memory:', { clock: manualClock(), projectRoot: '/' })
    const ledger = new Ledger()
    const from = `nats:127.0.0.1:${port}/${stream}?${query}`
    const member = await startMember({
      from,
      store,
      ledger,
      eventBytes,
      ...(inFlight && { inFlight }),
      secrets: { '${env:RIGHT}': TOKEN, '${env:WRONG}': 'hunter2' },
    })
    return { member, ledger }
  }

  it.each([
    ['EVENTS', 'token=${env:WRONG}', /the server refuses the sign-in: /, /correct token/],
    [
      'EVENTS',
      'start=latest',
      /the server refuses the sign-in: /,
      /set token, user and password, or credentials/,
    ],
    ['MISSING', 'token=${env:RIGHT}', /has no stream MISSING/, /correct its name/],
    ['WORK', 'token=${env:RIGHT}', /has the retention "workqueue"/, /retention "limits"/],
  ])('the run ends if %s cannot be read with %s', async (stream, query, message, hint) => {
    const { member } = await start(server.port, stream, query)
    await expect(member.ended).rejects.toMatchObject({
      kind: 'user',
      hint: expect.stringMatching(hint) as unknown,
    })
    await expect(member.ended).rejects.toThrow(message)
    await expect(member.ended).rejects.not.toThrow(/hunter2/)
  })

  it('the source waits for a server that is not there at its start', async () => {
    const { member } = await start(REFUSING_PORT, 'EVENTS', 'token=${env:RIGHT}')
    await until(() => member.states.reasons().length > 0)
    expect(member.states.reasons()[0]).toMatch(/ waits: .*connection refused/)
    await member.stop()
  })

  it('the source waits for a server without JetStream, because one that starts answers alike', async () => {
    const bare = await startNatsServer(undefined, false)
    const { member } = await start(bare.port, 'EVENTS', 'start=latest')
    await until(() => member.states.reasons().length > 0)
    expect(member.states.reasons()[0]).toMatch(/ waits: .*has no JetStream, or it is not ready$/)
    await member.stop()
    await bare.close()
  })

  it.each([
    ['more messages than one request brings', 250, 10],
    ['more bytes than one request brings', 60, 100_000],
  ])('reads a backlog of %s without a failure', async (_, count, chars) => {
    const name = `BACKLOG${count}`
    await server.addStream({ name, subjects: [`${name}.>`] })
    const texts = Array.from({ length: count }, (_, n) => JSON.stringify(`${n} ${'x'.repeat(chars)}`))
    await server.publish(`${name}.0`, texts)
    const query = 'token=${env:RIGHT}&start=earliest'
    const { member, ledger } = await start(server.port, name, query, 1_000_000)
    await until(() => ledger.texts.length === count)
    expect(ledger.texts).toEqual(texts)
    expect(member.log.lines).toEqual([])
    await member.stop()
  })

  it('raises an alert if messages were removed while the partition was read', async () => {
    await server.addStream({ name: 'LATE', subjects: ['late.>'] })
    const { member, ledger } = await start(server.port, 'LATE', 'token=${env:RIGHT}', 1_000_000)
    await until(() => member.hasStarted)
    member.hold()
    const text = JSON.stringify('x'.repeat(100_000))
    await server.publish(
      'late.1',
      Array.from({ length: 200 }, () => text),
    )
    await until(() => member.held() > 0)
    await (await server.manager()).streams.purge('LATE')
    await server.publish('late.1', ['{"last":1}'])
    member.letGo()
    await until(() => ledger.texts.includes('{"last":1}'))
    await member.stop()
    const missing = 201 - ledger.texts.length
    expect(missing).toBeGreaterThan(0)
    expect(ledger.findings).toMatchObject([
      { code: 'EventsExpired', description: expect.stringContaining(`up to ${missing} messages`) as unknown },
    ])
  })

  it('all partitions together hold no more text than the daemon may have in flight', async () => {
    await server.addStream({ name: 'BUDGET', subjects: ['budget.>'] })
    const limit = 1024 * 1024
    const budget = new ByteBudget(limit)
    let waiting = 0
    const inFlight: TextBudget = {
      reserve: async (bytes, signal) => {
        waiting++
        const reservation = await budget.reserve(bytes, signal)
        waiting--
        return reservation
      },
    }
    const query = 'token=${env:RIGHT}&subject=budget.{0-9}'
    const { member, ledger } = await start(server.port, 'BUDGET', query, 1_000_000, inFlight)
    await until(() => member.hasStarted)
    // Commits hold what was read, so some partitions get no more space.
    member.hold()
    const text = JSON.stringify('x'.repeat(100_000))
    for (let n = 0; n < 200; n++) await server.publish(`budget.${n % 10}`, [text])
    await until(() => member.held() > 0 && waiting > 0)
    // A partition that waits for its next message has reserved one byte for it.
    expect(budget.used).toBeLessThanOrEqual(limit + 10 * text.length)
    member.letGo()
    await until(() => ledger.texts.length === 200)
    await member.stop()
    expect(budget.used).toBe(0)
  })

  it('an idle partition passes the messages of other subjects, so that nothing seems to be lost', async () => {
    const { member, ledger } = await start(server.port, 'EVENTS', 'token=${env:RIGHT}&subject=ev.idle')
    await until(() => member.hasStarted)
    await server.publish('ev.busy', ['{}'])
    await server.publish('ev.idle', ['{"n":1}'])
    await until(() => ledger.texts.length === 1)
    await member.stop()
    expect(ledger.findings).toEqual([])
  })
})
