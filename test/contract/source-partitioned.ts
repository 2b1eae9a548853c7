// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/**
 * The contract of sources of partitions, over a real broker and a real store: whatever happens to a member, each event is
 * committed once and in the order of its partition.
 */
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { Ledger, type Member, type MemberOptions, startMember } from '../support/partition-member.ts'
import { loadSource, openPartitionedSource } from '../support/source.ts'
import { until } from '../support/until.ts'

/** A log with two partitions at a real broker. */
export interface BrokerLog {
  /** It has no options yet. */
  readonly from: string
  /** Further options that the partitions need, for example `subject=...`. */
  readonly options: string
  /** The names of the partitions in the store. */
  readonly names: readonly [string, string]
  publish(partition: 0 | 1, messages: readonly (string | Uint8Array)[]): Promise<void>
  /** Removes all messages that are there. */
  expire(): Promise<void>
  /** Deletes the log and creates it again. */
  recreate(): Promise<void>
}

export interface Broker {
  /** Creates a log of its own for one test. */
  createLog(): Promise<BrokerLog>
  end(): Promise<void>
  startAgain(): Promise<void>
  close(): Promise<void>
}

export interface PartitionedFixture {
  readonly program: string
  readonly start: () => Promise<Broker>
  /** A spec for which no broker is needed. */
  readonly from: string
}

const LEASE_MS = 10_000
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `{"n":${from + n}}`)

export function partitionedSourceContract(name: string, fixture: PartitionedFixture): void {
  describe(`${name}, as every source of partitions`, () => {
    it('is named after its file and says what it is', async () => {
      const type = await loadSource(name)
      expect(type.scheme).toBe(name)
      expect(type.summary).toMatch(/\S/)
    })

    it('refuses an option it does not know and names the nearest', async () => {
      await expect(openPartitionedSource(`${fixture.from}?logtype=Okta.SystemLog`)).rejects.toMatchObject({
        message: expect.stringContaining('unknown option "logtype"') as unknown,
        hint: expect.stringContaining('did you mean "logType"') as unknown,
      })
    })

    it.each([
      ['start=yesterday', /invalid start "yesterday"/, /2026-01-31T00:00:00Z/],
      ['tls=maybe', /invalid tls "maybe"/, /true or false/],
      ['password=hunter2', /^(?!.*hunter2).*"password" is no reference/, /\$\{env:NAME\}/],
      ['certificate=${file:c.pem}', /"certificate" requires "key"/, /add key/],
    ])('refuses the option %s with a hint', async (option, message, hint) => {
      const opening = openPartitionedSource(`${fixture.from}?${option}`)
      await expect(opening).rejects.toMatchObject({
        kind: 'user',
        hint: expect.stringMatching(hint) as unknown,
      })
      await expect(opening).rejects.toThrow(message)
    })

    it('does not repeat a password of the target', async () => {
      const target = `${name}:user:hunter2@broker:1234/log`
      const opening = openPartitionedSource(target)
      await expect(opening).rejects.toThrow(/the target has an "@"/)
      await expect(opening).rejects.not.toThrow(/hunter2/)
    })
  })

  describeWithProgram(fixture.program, `${name} at a real broker`, () => {
    let broker: Broker
    let log: BrokerLog
    let store: Store
    let clock: ManualClock
    let ledger: Ledger
    let members: Member[]
    beforeAll(async () => {
      broker = await fixture.start()
    })
    afterAll(() => broker.close())
    beforeEach(async () => {
      log = await broker.createLog()
      clock = manualClock()
      store = await openStore('memory:', { clock, projectRoot: '/' })
      ledger = new Ledger()
      members = []
    })
    afterEach(async () => {
      for (const member of members) member.letGo()
      await Promise.all(members.map((member) => member.stop().catch(() => {})))
      await store.close()
    })

    const start = async (more: Partial<MemberOptions> & { query?: string } = {}): Promise<Member> => {
      const { query = 'start=earliest', ...options } = more
      const from = `${log.from}?${[log.options, query].filter((text) => text !== '').join('&')}`
      const member = await startMember({ from, store, ledger, ...options })
      members.push(member)
      return member
    }
    const kill = (member: Member) => {
      member.kill()
      members = members.filter((each) => each !== member)
    }
    const of = (partition: 0 | 1) => ledger.committed.get(log.names[partition]) ?? []
    const read = (count: number) => until(() => ledger.texts.length >= count, { what: `${count} events` })
    const codes = () => ledger.findings.map(({ code }) => code)

    it('reads each partition in order and from its first message on', async () => {
      await log.publish(0, numbered(0, 300))
      await log.publish(1, numbered(1_000, 1_050))
      const member = await start()
      await read(350)
      expect(of(0)).toEqual(numbered(0, 300))
      expect(of(1)).toEqual(numbered(1_000, 1_050))
      expect(member.hasStarted).toBe(true)
      expect((await store.partitions()).map(({ source, member: by }) => [source, by])).toEqual(
        [...log.names].sort().map((each) => [each, 'member']),
      )
      await member.stop()
      expect((await store.partitions()).map(({ member: by }) => by)).toEqual([null, null])
    })

    it('commits where it begins before the first event, so that what comes while nothing runs is read', async () => {
      await log.publish(0, ['{"n":"before"}'])
      const member = await start({ query: '' })
      await until(() => member.hasStarted)
      await member.stop()
      await log.publish(0, ['{"n":"meanwhile"}'])
      await start({ query: '' })
      await read(1)
      expect(ledger.texts).toEqual(['{"n":"meanwhile"}'])
    })

    it('begins at a time', async () => {
      await log.publish(0, ['{"n":"before"}'])
      await until(() => new Promise((resolve) => setTimeout(resolve, 20, true)))
      const since = new Date().toISOString()
      await log.publish(0, ['{"n":"after"}'])
      await start({ query: `start=${since}` })
      await read(1)
      expect(ledger.texts).toEqual(['{"n":"after"}'])
    })

    it('goes on behind the cursor after each stop', async () => {
      for (let from = 0; from < 60; from += 20) {
        await log.publish(0, numbered(from, from + 20))
        const member = await start()
        await read(from + 20)
        await member.stop()
      }
      expect(of(0)).toEqual(numbered(0, 60))
    })

    it('counts each event once if a member dies between the commit and its answer', async () => {
      await log.publish(0, numbered(0, 100))
      const dying = await start({ diesAfterCommit: true })
      await until(() => of(0).length > 0)
      kill(dying)
      clock.advance(LEASE_MS)
      await start({ name: 'next' })
      await read(100)
      expect(of(0)).toEqual(numbered(0, 100))
    })

    it('lets what is under way be committed when it must stop, and leaves nothing in flight', async () => {
      await log.publish(0, numbered(0, 100))
      const member = await start()
      await until(() => member.hasStarted)
      member.hold()
      await log.publish(1, numbered(1_000, 1_010))
      await until(() => member.held() > 0)
      let hasEnded = false
      const stopping = member.stop().then(() => {
        hasEnded = true
      })
      await until(() => new Promise((resolve) => setTimeout(resolve, 20, true)))
      expect(hasEnded).toBe(false)
      member.letGo()
      await stopping
      await start()
      await read(110)
      expect(of(0)).toEqual(numbered(0, 100))
      expect(of(1)).toEqual(numbered(1_000, 1_010))
    })

    it('commits nothing once another member has taken the partition', async () => {
      const paused = await start({ name: 'paused' })
      await until(() => paused.hasStarted)
      paused.hold()
      await log.publish(0, numbered(0, 50))
      await until(() => paused.held() > 0)
      clock.advance(LEASE_MS)
      const next = await start({ name: 'next' })
      await read(50)
      paused.letGo()
      await until(() =>
        paused.log.lines.some(({ message }) => /another daemon took the partition/.test(message)),
      )
      expect(of(0)).toEqual(numbered(0, 50))
      await next.stop()
      await log.publish(0, numbered(50, 60))
      await read(60)
      expect(of(0)).toEqual(numbered(0, 60))
    })

    it('passes what is no event to the rejects with its position, and reads on', async () => {
      const damaged = gzipSync('{"n":9}')
      damaged[damaged.length - 6]! ^= 255
      await log.publish(0, [
        '{"n":0}',
        'poison',
        `"${'x'.repeat(2_000)}"`,
        damaged,
        gzipSync('{"n":1}\n{"n":2}'),
        '',
      ])
      await log.publish(0, ['{"n":3}'])
      const member = await start()
      await read(4)
      expect(of(0)).toEqual(['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}'])
      expect(ledger.rejects).toEqual([
        expect.stringMatching(/ \S+ \d+: not JSON$/),
        expect.stringMatching(/ \S+ \d+: event of 2002 bytes exceeds the limit of 1000$/),
        expect.stringMatching(/ \S+ \d+: the gzip data is damaged: /),
      ])
      expect(ledger.rejects.every((line) => line.startsWith(log.names[0]))).toBe(true)
      expect(member.states.reasons()).toEqual([])
    })

    it('raises an alert if messages expired before they were read, and goes on at the oldest', async () => {
      await log.publish(0, numbered(0, 5))
      const member = await start()
      await read(5)
      await member.stop()
      await log.publish(0, numbered(5, 12))
      await log.expire()
      await log.publish(0, numbered(12, 15))
      await start()
      await read(8)
      expect(of(0)).toEqual([...numbered(0, 5), ...numbered(12, 15)])
      expect(codes()).toContain('EventsExpired')
      expect(ledger.findings.map(({ description }) => description).join()).toContain(' 7 ')
    })

    it('raises an alert if the log was created again, and reads it from its first message', async () => {
      await log.publish(0, numbered(0, 5))
      const member = await start()
      await read(5)
      await member.stop()
      await log.recreate()
      await log.publish(0, numbered(100, 103))
      await start()
      await read(8)
      expect(of(0)).toEqual([...numbered(0, 5), ...numbered(100, 103)])
      expect(codes()).toContain('LogRecreated')
    })

    it('waits for a broker that goes away, says why, and reads on when it is back', async () => {
      await log.publish(0, numbered(0, 5))
      const member = await start()
      await read(5)
      await broker.end()
      await until(() => member.states.reasons().length > 0)
      expect(member.states.reasons()[0]).toMatch(/^\w+:\S+ waits(?: \(\d of 2 partitions\))?: .*\S/)
      await broker.startAgain()
      await log.publish(0, numbered(5, 10))
      await read(10)
      expect(of(0)).toEqual(numbered(0, 10))
      await until(() => member.states.reasons().length === 0)
    })

    it('another member takes over the partitions of one that has ended', async () => {
      const first = await start({ name: 'first' })
      await until(() => first.hasStarted)
      const second = await start({ name: 'second' })
      await until(() => second.hasStarted)
      await log.publish(1, numbered(0, 3))
      await read(3)
      kill(first)
      clock.advance(LEASE_MS)
      await log.publish(1, numbered(3, 6))
      await read(6)
      expect(of(1)).toEqual(numbered(0, 6))
      await until(async () => (await store.partitions()).every(({ member }) => member === 'second'))
    })
  })
}
