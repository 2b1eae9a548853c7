/** The process whose memory is measured: PROJECT IMAGES WORKERS SECONDS: loads an engine, keeps it busy. */
import { setImmediate } from 'node:timers/promises'
import { createEngine } from '../src/engine/engine.ts'
import { silentLog } from '../src/model/ports.ts'
import { openProject } from '../src/workspace.ts'
import { PACKS, variants } from './workload.ts'

export interface MemorySamples {
  /** Resident, before the first event. */
  readonly startedMb: number
  readonly samples: readonly { readonly seconds: number; readonly mb: number }[]
}

const SAMPLE_EVERY_MS = 250
const EVENTS_PER_BATCH = 500

const [root, imageCache, workers, seconds] = process.argv.slice(2)
if (!root || !imageCache || !workers || !seconds) throw new Error('PROJECT IMAGES WORKERS SECONDS are needed')

const project = await openProject({ root, log: silentLog })
const engine = await createEngine({
  project,
  purpose: 'run',
  workers: Number(workers),
  imageCache,
  log: silentLog,
})
const next = variants(project, PACKS[0]!)
if (next === null) throw new Error(`the project has no rules on ${PACKS[0]!.logType} with test events`)

const startedMb = residentMb()
const samples: { seconds: number; mb: number }[] = []
const startedAt = performance.now()
const elapsed = () => (performance.now() - startedAt) / 1_000
const sampling = setInterval(() => samples.push({ seconds: elapsed(), mb: residentMb() }), SAMPLE_EVERY_MS)

// A batch more than there are workers keeps them all busy.
await Promise.all(Array.from({ length: Number(workers) + 1 }, load))
clearInterval(sampling)
samples.push({ seconds: elapsed(), mb: residentMb() })
await engine.close()
process.stdout.write(JSON.stringify({ startedMb, samples } satisfies MemorySamples))

async function load(): Promise<void> {
  while (elapsed() < Number(seconds)) {
    await engine.evaluate(Array.from({ length: EVENTS_PER_BATCH }, next!))
    await setImmediate()
  }
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1e6
}
