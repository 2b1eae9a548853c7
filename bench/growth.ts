/** What an event costs with 100, 3,000 and 10,000 rules on its log type, none of which matches. */
import { createEngine } from '../src/engine/engine.ts'
import { nullLog } from '../src/model/ports.ts'
import type { Detection } from '../src/model/project/detection.ts'
import type { Project } from '../src/model/project/project.ts'
import { openProject } from '../src/workspace/open-project.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'
import { REALISTIC_TYPE, realisticEvents } from './realistic-events.ts'
import { ratios } from './repeat.ts'

const SIZES = [100, 3_000, 10_000]
const SEED = 20_260_103
const MUST_RATIO = 1.5

/** Every third rule compares a name, looks for a beginning, or asks for a field that is seldom there. */
const KINDS: readonly ((at: number) => string)[] = [
  (at) => `event.get("eventName") == "Call${at}" and event.get("errorCode") is None`,
  (at) => `event.get("eventSource", "").startswith("service${at}.")`,
  (at) => `event.deep_get("additionalEventData", "field${at}") is True`,
]

async function measure({ checkout, snapshotCache, quick, progress }: BenchContext): Promise<Figure[]> {
  const base = await openProject({ root: checkout, log: nullLog })
  const template = [...base.detections.values()].find(({ type, body }) => type === 'rule' && body !== null)!
  const next = realisticEvents(SEED)
  const samples = new Map<number, number[]>()
  const starts: Figure[] = []
  for (const size of SIZES) {
    progress(`${size} rules`)
    const startedAt = performance.now()
    const engine = await createEngine({
      project: withRules(base, template, size),
      purpose: 'run',
      workers: 1,
      snapshotCache,
      log: nullLog,
    })
    starts.push({
      name: `${size} rules: cold start`,
      unit: 's',
      samples: [(performance.now() - startedAt) / 1_000],
    })
    const own: number[] = []
    for (let round = 0; round <= (quick ? 4 : 9); round++) {
      const events = Array.from({ length: 5_000 }, next)
      const from = performance.now()
      await engine.evaluate(events)
      const micros = ((performance.now() - from) * 1_000) / events.length
      if (round === 0) {
        const name = `${size} rules: the first 5,000 events, with the making of the index`
        starts.push({ name, unit: 'µs/event', samples: [micros] })
      } else own.push(micros)
    }
    samples.set(size, own)
    await engine.close()
  }
  const least = samples.get(SIZES[0]!)!
  return [
    ...starts,
    ...SIZES.map((size) => ({
      name: `${size} rules on one log type`,
      unit: 'µs/event',
      samples: samples.get(size)!,
    })),
    ...SIZES.slice(1).map((size) => ({
      name: `${size} rules / ${SIZES[0]} rules`,
      unit: 'x',
      samples: ratios(samples.get(size)!, least),
      reach: { atMost: MUST_RATIO },
    })),
  ]
}

function withRules(base: Project, template: Detection, size: number): Project {
  const detections = Array.from({ length: size }, (_, at) => {
    const id = `Growth.${at}`
    const source = `def rule(event):\n    return ${KINDS[at % KINDS.length]!(at)}\n`
    const body = { path: `rules/growth_${at}.py`, source }
    return [id, { ...template, id, body, enabled: true, logTypes: [REALISTIC_TYPE], tests: [] }] as const
  })
  return { ...base, detections: new Map(detections), helpers: [], dataModels: [], unitTests: [] }
}

export default { title: 'Growth', measure } satisfies Measurement
