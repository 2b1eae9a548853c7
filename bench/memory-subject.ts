/** The process whose memory is measured: PROJECT IMAGES WORKERS SECONDS: loads an engine, keeps it busy. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Worker } from 'node:worker_threads'
import { createEngine } from '../src/engine/engine.ts'
import type { Envelope } from '../src/model/events/event.ts'
import { nullLog } from '../src/model/ports.ts'
import { START_POSITION } from '../src/sources/framing/frame.ts'
import { Framer } from '../src/sources/framing/framer.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { PACKS } from './workload.ts'

export interface MemorySamples {
  /** Resident, before the first event. */
  readonly startedMb: number
  readonly samples: readonly { readonly seconds: number; readonly mb: number }[]
  readonly events: number
  /** The bytes in all JavaScript heaps that outlive a collection after the load. */
  readonly keptMb: number
}

const SAMPLE_EVERY_MS = 250
const EVENTS_PER_BATCH = 250

const [root, snapshotCache, workers, seconds] = process.argv.slice(2)
if (!root || !snapshotCache || !workers || !seconds)
  throw new Error('PROJECT IMAGES WORKERS SECONDS are needed')

const threads = new Set<Worker>()
process.on('worker', (worker) => {
  threads.add(worker)
  worker.on('exit', () => threads.delete(worker))
})
const project = await openProject({ root, log: nullLog })
const engine = await createEngine({
  project,
  purpose: 'run',
  workers: Number(workers),
  snapshotCache,
  log: nullLog,
})

const startedMb = residentMb()
const samples: { seconds: number; mb: number }[] = []
const startedAt = performance.now()
const elapsed = () => (performance.now() - startedAt) / 1_000
const sampling = setInterval(() => samples.push({ seconds: elapsed(), mb: residentMb() }), SAMPLE_EVERY_MS)
const events = Number(seconds) > 0 ? await load() : 0
clearInterval(sampling)
samples.push({ seconds: elapsed(), mb: residentMb() })
const memory: MemorySamples = { startedMb, samples, events, keptMb: await keptMb() }
await engine.close()
process.stdout.write(JSON.stringify(memory))

/** Reads bytes that another process writes, as a source does. Resolves with the number of events. */
async function load(): Promise<number> {
  const feed = spawn(process.execPath, [join(import.meta.dirname, 'memory-events.ts'), root!], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const framer = new Framer({ eventBytes: project.settings.limits.eventBytes, unwrap: null }, START_POSITION)
  const underWay = new Set<Promise<unknown>>()
  let batch: Envelope[] = []
  let seq = 0
  for await (const chunk of feed.stdout) {
    for (const { raw } of framer.push(chunk)) batch.push(envelope(raw, seq++))
    if (batch.length < EVENTS_PER_BATCH) continue
    const evaluated: Promise<unknown> = engine.evaluate(batch).finally(() => underWay.delete(evaluated))
    underWay.add(evaluated)
    batch = []
    if (elapsed() > Number(seconds)) break
    // A batch more than there are workers keeps them all busy.
    if (underWay.size > Number(workers)) await Promise.race(underWay)
  }
  feed.kill()
  await Promise.all(underWay)
  return seq
}

function envelope(raw: string, seq: number): Envelope {
  const { logType: type } = PACKS[0]!
  const position = `event ${seq}`
  return { source: 'bench', seq, kind: 'log', type, receivedAt: Date.now(), raw, position }
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1e6
}

/** Needs `--expose-gc`. */
async function keptMb(): Promise<number> {
  globalThis.gc!()
  const ofThreads = await Promise.all([...threads].map(keptBytes))
  return ofThreads.reduce((sum, bytes) => sum + bytes, process.memoryUsage().heapUsed) / 1e6
}

/** A snapshot begins with a collection; from outside there is no other way to ask for one. */
async function keptBytes(worker: Worker): Promise<number> {
  await text(await worker.getHeapSnapshot())
  return (await worker.getHeapStatistics()).used_heap_size
}
