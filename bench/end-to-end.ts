/** `run` as a process over a store on disk: the events of a file, and from the POST of an event to the webhook. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Receiver, startReceiver } from './alert-receiver.ts'
import {
  ended,
  eventOf,
  LOG_TYPE,
  post,
  RULES,
  signalbox,
  startDaemon,
  writeProject,
} from './daemon-process.ts'
import { type BenchContext, type Figure, type Measurement, quantile } from './figure.ts'

const MATCH_RATE = 0.01
export const ALERTS_PER_SECOND = 200

async function measure({ checkout, quick, progress }: BenchContext): Promise<Figure[]> {
  const receiver = await startReceiver()
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const repetitions = quick ? 2 : 3
  const [file, p50, p99]: [number[], number[], number[]] = [[], [], []]
  try {
    for (let round = 0; round < repetitions; round++) {
      progress(`round ${round + 1} of ${repetitions}`)
      const project = join(folder, `project-${round}`)
      writeProject(project, receiver.url)
      const events = quick ? 100_000 : 200_000
      file.push(await fileRate({ checkout, project, receiver, events, store: (name) => `sqlite:${name}.db` }))
      const daemon = await startDaemon(checkout, project)
      const send = sendEvents(daemon.url)
      await postToWebhook(send, receiver, ALERTS_PER_SECOND)
      const waits = await postToWebhook(send, receiver, ALERTS_PER_SECOND * (quick ? 3 : 10))
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
    {
      name: 'events of a file, 1 % matching, start left out',
      unit: 'events/s',
      samples: file,
      reach: { atLeast: 25_000 },
    },
    { name: `POST to webhook, p50, ${pace}`, unit: 'ms', samples: p50 },
    { name: `POST to webhook, p99, ${pace}`, unit: 'ms', samples: p99, reach: { atMost: 100 } },
  ]
}

interface FileRun {
  readonly checkout: string
  readonly project: string
  readonly receiver: Receiver
  readonly events: number
  /** The address of a new store. */
  readonly store: (name: string) => string
}

/**
 * Events per second of a daemon that reads a file. The time of a file with one event is subtracted, which is that of the
 * start and the end.
 */
export async function fileRate({ checkout, project, receiver, events, store }: FileRun): Promise<number> {
  const path = join(project, 'events.ndjson')
  const runFile = async (name: string) => {
    const startedAt = performance.now()
    const args = ['--from', `file:${path}?logType=${LOG_TYPE}`, '--store', store(name)]
    await ended(signalbox(checkout, project, args))
    return performance.now() - startedAt
  }
  writeFileSync(path, `${eventOf('first', null)}\n`)
  // The first start fills the cache.
  await runFile('cold')
  const startMs = await runFile('start')
  const matching = Math.floor(events * MATCH_RATE)
  const lines = Array.from({ length: events }, (_, i) => {
    const isMatch = i % (1 / MATCH_RATE) === 0
    return eventOf(`event-${i}`, isMatch ? (i * MATCH_RATE) % RULES : null)
  })
  writeFileSync(path, `${lines.join('\n')}\n`)
  const ms = await runFile('events')
  await receiver.take(matching)
  return (events / (ms - startMs)) * 1_000
}

/** Posts what becomes an alert. Returns the title under which the alert arrives, and the answer. */
export type Send = (
  name: string,
  number: number,
) => { readonly title: string; readonly answer: Promise<void> }

export function sendEvents(url: string): Send {
  return (name, number) => ({ title: `New Alert: ${name}`, answer: post(url, eventOf(name, number % RULES)) })
}

/** Milliseconds from before the POST to the arrival of its alert, one event per request. */
export async function postToWebhook(send: Send, receiver: Receiver, alerts: number): Promise<number[]> {
  const sentAt = new Map<string, number>()
  const startedAt = performance.now()
  const answers: Promise<void>[] = []
  while (answers.length < alerts) {
    const due = Math.min(alerts, Math.floor(((performance.now() - startedAt) / 1_000) * ALERTS_PER_SECOND))
    while (answers.length < due) {
      const at = performance.timeOrigin + performance.now()
      const { title, answer } = send(`alert-${answers.length}-${startedAt}`, answers.length)
      sentAt.set(title, at)
      answers.push(answer)
    }
    await sleep(1)
  }
  await Promise.all(answers)
  const arrivals = await receiver.take(alerts)
  return arrivals.map(({ title, at }) => at - sentAt.get(title)!)
}

export default { title: 'End to end', measure } satisfies Measurement
