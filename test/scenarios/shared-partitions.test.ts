/** Processes share the partitions of a stream over PostgreSQL, while others join, are stopped and are killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type NatsServer, startNatsServer } from '../support/nats-server.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const SCRIPT = join(import.meta.dirname, '..', 'support', 'partition-process.ts')
const PARTITIONS = 16
const LEASE_MS = 2_000

interface MemberProcess {
  readonly name: string
  readonly child: ChildProcess
  readonly ended: Promise<void>
  /** The number of commits that wait. */
  held(): number
  log(): readonly string[]
  send(line: 'hold' | 'letGo' | 'stop'): void
}

function startProcess(url: string, from: string, name: string): MemberProcess {
  const child = spawn(process.execPath, [SCRIPT, url, from, name, String(LEASE_MS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let state: { held: number; log: string[] } = { held: 0, log: [] }
  createInterface(child.stdout!).on('line', (line) => {
    state = JSON.parse(line) as typeof state
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    name,
    child,
    ended,
    held: () => state.held,
    log: () => state.log,
    send: (line) => void child.stdin!.write(`${line}\n`),
  }
}

describeWithPostgres('PostgreSQL', (postgres) => {
  describeWithProgram('nats-server', 'several processes on one stream', () => {
    let nats: NatsServer
    let store: Store
    let url: string
    let stream = 0
    let members: MemberProcess[]
    let published: number

    beforeAll(async () => {
      nats = await startNatsServer()
    })
    afterAll(() => nats.close())
    beforeEach(async () => {
      url = postgres().url()
      stream++
      members = []
      published = 0
      store = await openStore(url, { clock: systemClock, projectRoot: '/' })
      await nats.addStream({ name: `EVENTS${stream}`, subjects: [`ev${stream}.>`] })
    })
    afterEach(async () => {
      for (const { child } of members) child.kill('SIGKILL')
      await Promise.all(members.map(({ ended }) => ended))
      await store.close()
    })

    const start = (name: string): MemberProcess => {
      const query = `subject=ev${stream}.{0-${PARTITIONS - 1}}&start=earliest`
      const from = `nats:127.0.0.1:${nats.port}/EVENTS${stream}?${query}`
      const member = startProcess(url, from, name)
      members.push(member)
      return member
    }
    const publish = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const id = published++
        await nats.publish(`ev${stream}.${id % PARTITIONS}`, [JSON.stringify({ id })])
      }
    }
    const committed = async () =>
      (await store.signals({ limit: 100_000 })).map(({ rowId }) => (JSON.parse(rowId) as { id: number }).id)
    const untilAllCommitted = () =>
      until(async () => new Set(await committed()).size === published, { what: `${published} events` })
    const expectEachOnce = async () =>
      expect((await committed()).sort((a, b) => a - b)).toEqual(
        Array.from({ length: published }, (_, n) => n),
      )
    /** How many partitions each of the members holds. */
    const counts = async (): Promise<Record<string, number>> => {
      const now = store.now()
      const held: Record<string, number> = {}
      for (const { member, leaseUntil } of await store.partitions()) {
        if (member !== null && leaseUntil !== null && leaseUntil > now) held[member] = (held[member] ?? 0) + 1
      }
      return held
    }
    const untilShared = (...wanted: number[]) =>
      until(
        async () =>
          Object.values(await counts())
            .toSorted((a, b) => a - b)
            .join() === wanted.join(),
        { what: `shares of ${wanted.join(', ')}` },
      )

    it('each has its share when one joins, one is killed and one stops, and each event counts once', async () => {
      start('a')
      const killed = start('b')
      await untilShared(8, 8)
      await publish(320)
      const stopped = start('c')
      const publishing = publish(640)
      await untilShared(4, 6, 6)
      await publishing
      const more = publish(640)
      killed.child.kill('SIGKILL')
      await untilShared(8, 8)
      await more
      await untilAllCommitted()
      const last = publish(320)
      stopped.send('stop')
      await untilShared(16)
      await last
      await stopped.ended
      await untilAllCommitted()
      await expectEachOnce()
    })

    it('a process that was stopped for longer than its lease commits nothing that another one took', async () => {
      const paused = start('paused')
      await untilShared(16)
      paused.send('hold')
      await publish(160)
      await until(() => paused.held() > 0)
      paused.child.kill('SIGSTOP')
      start('next')
      await until(async () => (await counts()).next === PARTITIONS)
      await untilAllCommitted()
      paused.child.kill('SIGCONT')
      paused.send('letGo')
      await until(() => paused.log().some((message) => /another daemon took the partition/.test(message)))
      await publish(160)
      await untilShared(8, 8)
      await untilAllCommitted()
      await expectEachOnce()
    })
  })
})
