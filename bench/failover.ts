/** Two daemons on one PostgreSQL store: seconds until the events of all partitions flow again after one of them ended. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cluster, type Member, PARTITIONS, startCluster, startMember } from './cluster-members.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'

/** Each partition gets an event so often, with an alert of its own. */
const EVENT_INTERVAL_MS = 200
const LEASE_SECONDS = 10
const TIMEOUT_MS = 60_000

async function measure({ checkout, quick, progress }: BenchContext): Promise<Figure[]> {
  const samples: Record<'SIGKILL' | 'SIGTERM', number[]> = { SIGKILL: [], SIGTERM: [] }
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-failover-'))
  const receiver = await startRecorder()
  const cluster = await startCluster()
  const store = cluster.database.url()
  const start = (name: string) => {
    const project = join(folder, name)
    writeProject(project, receiver.url)
    return startMember({ checkout, project, name, store, source: cluster.source, core: null })
  }
  try {
    let [stays, ends] = [await start('daemon-0'), await start('daemon-1')]
    const rounds = quick ? 3 : 10
    for (let round = 0; round < 2 * rounds; round++) {
      const signal = round % 2 === 0 ? 'SIGKILL' : 'SIGTERM'
      await untilShared([stays, ends])
      const seconds = await secondsUntilAllFlow(cluster, receiver, () => void ends.end(signal))
      progress(`${signal}: ${seconds.toFixed(1)} s`)
      samples[signal].push(seconds)
      // The other one ends next time.
      const started = await start(`daemon-${round + 2}`)
      ;[stays, ends] = [started, stays]
    }
    for (const member of [stays, ends]) await member.end('SIGKILL')
  } finally {
    await cluster.close()
    receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const what = 'until alerts of every partition arrive again'
  return [
    { name: `kill -9, ${what}`, unit: 's', samples: samples.SIGKILL, reach: { atMost: LEASE_SECONDS + 2 } },
    { name: `SIGTERM, ${what}`, unit: 's', samples: samples.SIGTERM, reach: { atMost: 1 } },
  ]
}

async function untilShared(members: readonly Member[]): Promise<void> {
  for (;;) {
    const held = await Promise.all(members.map((member) => member.partitions()))
    if (held.every((count) => count === PARTITIONS / members.length)) return
    await sleep(200)
  }
}

interface Recorder {
  readonly url: string
  /** Partition -> the time of the first arrival of an event that was published after `reset`. */
  readonly arrivals: ReadonlyMap<number, number>
  reset(): void
  close(): void
}

let generation = 0

async function startRecorder(): Promise<Recorder> {
  const arrivals = new Map<number, number>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { title } = JSON.parse(Buffer.concat(chunks).toString()) as { title: string }
      const [, of, partition] = /(\d+)-(\d+)-\d+$/.exec(title)!
      if (Number(of) === generation && !arrivals.has(Number(partition)))
        arrivals.set(Number(partition), performance.now())
      response.writeHead(200).end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    arrivals,
    reset: () => {
      generation++
      arrivals.clear()
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

let events = 0

async function secondsUntilAllFlow(cluster: Cluster, receiver: Recorder, end: () => void): Promise<number> {
  const publish = () =>
    cluster.publish(
      Array.from({ length: PARTITIONS }, (_, partition) =>
        JSON.stringify({
          p_log_type: `Bench.Event${events++ % DETECTIONS}`,
          id: `${generation}-${partition}-${events}`,
        }),
      ),
    )
  receiver.reset()
  // Events flow in every partition before the daemon ends.
  while (receiver.arrivals.size < PARTITIONS) {
    await publish()
    await sleep(EVENT_INTERVAL_MS)
  }
  receiver.reset()
  const endedAt = performance.now()
  end()
  while (receiver.arrivals.size < PARTITIONS) {
    if (performance.now() - endedAt > TIMEOUT_MS) throw new Error('a partition is not read again')
    await publish()
    await sleep(EVENT_INTERVAL_MS)
  }
  return (Math.max(...receiver.arrivals.values()) - endedAt) / 1_000
}

/** No detection may come near the limit of alerts per hour. */
const DETECTIONS = 100

function writeProject(folder: string, url: string): void {
  mkdirSync(join(folder, 'rules'), { recursive: true })
  writeFileSync(join(folder, 'signalbox.yaml'), 'workers: 1\n')
  writeFileSync(
    join(folder, 'destinations.yaml'),
    `version: 1\ndestinations:\n  - name: receiver\n    type: webhook\n    severities: [HIGH]\n    concurrency: 64\n    options:\n      url: ${url}\n`,
  )
  for (let n = 0; n < DETECTIONS; n++) {
    const body = 'def rule(event):\n    return True\n\n\ndef title(event):\n    return event.get("id")\n'
    writeFileSync(join(folder, 'rules', `rule_${n}.py`), body)
    writeFileSync(
      join(folder, 'rules', `rule_${n}.yml`),
      `AnalysisType: rule\nRuleID: Bench.Rule${n}\nFilename: rule_${n}.py\nEnabled: true\nLogTypes: [Bench.Event${n}]\nSeverity: High\n`,
    )
  }
}

export default { title: 'Failover', measure } satisfies Measurement
