/** Daemons on one PostgreSQL store that read one JetStream stream, for the benchmarks of several daemons. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type NatsServer, startNatsServer } from '../test/support/nats-server.ts'
import { type PostgresServer, startPostgres } from '../test/support/postgres.ts'

export const PARTITIONS = 16
const STREAM = 'EVENTS'
/** The kernel counts the time of processes in so many parts of a second. */
const TICKS_PER_SECOND = 100
const READY_TIMEOUT_MS = 120_000

export interface Cluster {
  readonly database: PostgresServer
  readonly broker: NatsServer
  /** The source for `--from`. */
  readonly source: string
  /** Publishes texts, which are spread over the partitions in turn. */
  publish(texts: readonly string[]): Promise<void>
  /** Seconds of a core that the processes of the database have used. */
  databaseCpuSeconds(): number
  /** Bytes of its write-ahead log since its creation. */
  walBytes(): number
  close(): Promise<void>
}

export async function startCluster(): Promise<Cluster> {
  const database = startPostgres({ syncs: true })
  const broker = await startNatsServer()
  await broker.addStream({ name: STREAM, subjects: ['ev.>'] })
  let published = 0
  return {
    database,
    broker,
    source: `nats:127.0.0.1:${broker.port}/${STREAM}?subject=ev.{0-${PARTITIONS - 1}}.>&start=earliest`,
    publish: async (texts) => {
      const jetstream = (await broker.manager()).jetstream()
      await Promise.all(texts.map((text) => jetstream.publish(`ev.${published++ % PARTITIONS}.e`, text)))
    },
    databaseCpuSeconds: () => {
      const main = Number(
        readFileSync(join(database.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0],
      )
      return processesOf(main).reduce((sum, pid) => sum + cpuSeconds(pid), 0)
    },
    walBytes: () => Number(database.sql("SELECT pg_current_wal_lsn() - '0/0'")),
    close: async () => {
      await broker.close()
      database.stop('immediate')
      rmSync(database.folder, { recursive: true, force: true })
    },
  }
}

export interface Member {
  readonly child: ChildProcess
  /** Seconds of a core that the process has used. */
  cpuSeconds(): number
  /** Events that it has accepted. */
  accepted(): Promise<number>
  /** Partitions that it holds. */
  partitions(): Promise<number>
  end(signal: NodeJS.Signals): Promise<void>
}

export interface MemberSettings {
  readonly checkout: string
  readonly project: string
  readonly name: string
  readonly store: string
  readonly source: string
  /** The only core that it may use; null: any. */
  readonly core: number | null
}

/** Resolves when the daemon is ready. */
export async function startMember(settings: MemberSettings): Promise<Member> {
  const { checkout, project, name, store, source, core } = settings
  const run = ['run', '--project', project, '--store', store, '--from', source, '--http', '127.0.0.1:0']
  const command = [process.execPath, join(checkout, 'bin', 'signalbox.cjs'), ...run, '--drain-timeout', '20s']
  const [program, ...args] = core === null ? command : ['taskset', '-c', String(core), ...command]
  const child = spawn(program!, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SIGNALBOX_HOST_ID: name },
  })
  let log = ''
  let address: string | null = null
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    log = `${log}${text}`.slice(-20_000)
    address ??= /console: http:\/\/(127\.0\.0\.1:\d+)/.exec(log)?.[1] ?? null
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  for (let waited = 0; ; waited += 50) {
    if (address !== null && (await answers(`http://${address}/readyz`))) break
    if (child.exitCode !== null || waited > READY_TIMEOUT_MS) throw new Error(`${name} is not ready: ${log}`)
    await sleep(50)
  }
  const metric = async (line: RegExp) => {
    const text = await (await fetch(`http://${address}/metrics`)).text()
    return [...text.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0)
  }
  return {
    child,
    cpuSeconds: () => cpuSeconds(child.pid!),
    accepted: () => metric(/^signalbox_events_total\{.*outcome="accepted".*\} (\d+)$/gm),
    partitions: () => metric(/^signalbox_partitions\{.*\} (\d+)$/gm),
    end: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** The process and its children. */
function processesOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return [parent, ...pids.map(Number).filter((pid) => statOf(pid)[1] === String(parent))]
}

/** The fields behind the name of the process; empty if it has ended. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  } catch {
    return []
  }
}

function cpuSeconds(pid: number): number {
  const fields = statOf(pid)
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND
}
