/** `run` as a process over a store on disk: events of a file, single-event POSTs, and from the POST to the webhook. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Receiver, startReceiver } from './alert-receiver.ts'
import { type BenchContext, type Figure, type Measurement, quantile } from './figure.ts'

const RULES = 20
const LOG_TYPE = 'Bench.Event'
const MATCH_RATE = 0.01
const IN_FLIGHT = 64
const ALERTS_PER_SECOND = 200
const DRAIN = ['--drain-timeout', '60s', '--log-level', 'error']

async function measure({ checkout, quick, progress }: BenchContext): Promise<Figure[]> {
  const receiver = await startReceiver()
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const repetitions = quick ? 2 : 3
  const [file, posts, p50, p99]: [number[], number[], number[], number[]] = [[], [], [], []]
  try {
    for (let round = 0; round < repetitions; round++) {
      progress(`round ${round + 1} of ${repetitions}`)
      const project = join(folder, `project-${round}`)
      writeProject(project, receiver.url)
      file.push(await fileRate(checkout, project, receiver, quick ? 100_000 : 200_000))
      const daemon = await startDaemon(checkout, project)
      await postRate(daemon.url, 500)
      posts.push(await postRate(daemon.url, quick ? 4_000 : 15_000))
      const waits = await postToWebhook(daemon.url, receiver, ALERTS_PER_SECOND * (quick ? 3 : 10))
      p50.push(quantile(waits, 0.5))
      p99.push(quantile(waits, 0.99))
      await daemon.stop()
    }
  } finally {
    await receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const pace = `at ${ALERTS_PER_SECOND} alerts/s`
  return [
    { name: 'events of a file, 1 % matching, start left out', unit: 'events/s', samples: file },
    { name: `single-event POSTs, ${IN_FLIGHT} in flight`, unit: 'requests/s', samples: posts },
    { name: `POST to webhook, p50, ${pace}`, unit: 'ms', samples: p50 },
    { name: `POST to webhook, p99, ${pace}`, unit: 'ms', samples: p99, reach: { atMost: 100 } },
  ]
}

/** Each rule matches events that name it, so that no detection reaches the limit of alerts per hour. */
function writeProject(folder: string, url: string): void {
  mkdirSync(join(folder, 'rules'), { recursive: true })
  writeFileSync(join(folder, 'signalbox.yaml'), 'workers: 1\n')
  writeFileSync(
    join(folder, 'destinations.yaml'),
    `version: 1\ndestinations:\n  - name: receiver\n    type: webhook\n    severities: [HIGH]\n    concurrency: 64\n    options:\n      url: ${url}\n`,
  )
  for (let rule = 0; rule < RULES; rule++) {
    const body = `def rule(event):\n    return event.get("rule") == ${rule}\n\n\ndef title(event):\n    return event.get("id")\n`
    writeFileSync(join(folder, 'rules', `rule_${rule}.py`), body)
    writeFileSync(
      join(folder, 'rules', `rule_${rule}.yml`),
      `AnalysisType: rule\nRuleID: Bench.Rule${rule}\nFilename: rule_${rule}.py\nEnabled: true\nLogTypes: [${LOG_TYPE}]\nSeverity: High\n`,
    )
  }
}

/** About 1.2 kB, as an event of CloudTrail has. */
function eventOf(id: string, rule: number | null): string {
  return JSON.stringify({ id, rule, user: { name: 'ann', session: 'x'.repeat(1_000) }, source: '192.0.2.1' })
}

/** The time of a file with one event is subtracted, which is that of the start and the end. */
async function fileRate(
  checkout: string,
  project: string,
  receiver: Receiver,
  events: number,
): Promise<number> {
  const path = join(project, 'events.ndjson')
  const runFile = async (store: string) => {
    const startedAt = performance.now()
    const args = ['--from', `file:${path}?logType=${LOG_TYPE}`, '--store', `sqlite:${store}`]
    await ended(signalbox(checkout, project, args))
    return performance.now() - startedAt
  }
  writeFileSync(path, `${eventOf('first', null)}\n`)
  // The first start fills the cache.
  await runFile('cold.db')
  const startMs = await runFile('start.db')
  const matching = Math.floor(events * MATCH_RATE)
  const lines = Array.from({ length: events }, (_, i) => {
    const isMatch = i % (1 / MATCH_RATE) === 0
    return eventOf(`event-${i}`, isMatch ? (i * MATCH_RATE) % RULES : null)
  })
  writeFileSync(path, `${lines.join('\n')}\n`)
  const ms = await runFile('events.db')
  await receiver.take(matching)
  return (events / (ms - startMs)) * 1_000
}

function signalbox(checkout: string, project: string, args: readonly string[]): ChildProcess {
  const command = [join(checkout, 'bin', 'signalbox.cjs'), 'run', '--project', project, ...DRAIN, ...args]
  return spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function ended(child: ChildProcess): Promise<void> {
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}: ${errors}`))))
  })
}

interface RunningDaemon {
  readonly url: string
  stop(): Promise<void>
}

async function startDaemon(checkout: string, project: string): Promise<RunningDaemon> {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const from = `http://127.0.0.1:${port}?logType=${LOG_TYPE}`
  const child = signalbox(checkout, project, ['--from', from, '--store', 'sqlite:http.db'])
  const end = ended(child)
  end.catch(() => {})
  const url = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) await end
    await sleep(50)
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await end
    },
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

function post(url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/events`, { method: 'POST', agent }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 202) resolve()
        else reject(new Error(`the daemon answered ${response.statusCode}`))
      })
    })
    sent.on('error', reject).end(body)
  })
}

/** Quiet events, so that the intake is measured. */
async function postRate(url: string, requests: number): Promise<number> {
  let next = 0
  const client = async () => {
    while (next < requests) await post(url, eventOf(`post-${next++}`, null))
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, client))
  return (requests / (performance.now() - startedAt)) * 1_000
}

/** Milliseconds from before the POST to the arrival of its alert, one event per request. */
async function postToWebhook(url: string, receiver: Receiver, alerts: number): Promise<number[]> {
  const sentAt = new Map<string, number>()
  const startedAt = performance.now()
  const answers: Promise<void>[] = []
  while (answers.length < alerts) {
    const due = Math.min(alerts, Math.floor(((performance.now() - startedAt) / 1_000) * ALERTS_PER_SECOND))
    while (answers.length < due) {
      const title = `alert-${answers.length}-${startedAt}`
      sentAt.set(`New Alert: ${title}`, performance.timeOrigin + performance.now())
      answers.push(post(url, eventOf(title, answers.length % RULES)))
    }
    await sleep(1)
  }
  await Promise.all(answers)
  const arrivals = await receiver.take(alerts)
  return arrivals.map(({ title, at }) => at - sentAt.get(title)!)
}

export default { title: 'End to end', measure } satisfies Measurement
