/** What an event costs with 100 to 10,000 rules on its log type, none of which matches, with guards and without. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from '../src/engine/engine.ts'
import { nullLog } from '../src/model/ports.ts'
import type { Detection } from '../src/model/project/detection.ts'
import type { Project } from '../src/model/project/project.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { type BenchContext, type Figure, type Measurement, summarise } from './figure.ts'
import { lineChartSvg } from './line-chart.ts'
import { REALISTIC_TYPE, realisticEvents } from './realistic-events.ts'
import { ratios } from './repeat.ts'

const SIZES = [100, 1_000, 3_000, 10_000]
const SEED = 20_260_103
const MUST_RATIO = 1.5
const EVENTS = { withGuards: 5_000, withoutGuards: 200 }
/** A full run draws the curves here. */
const PICTURE = join(import.meta.dirname, '..', 'docs', 'internals', 'growth.svg')

/** Every third rule compares a name, looks for a beginning, or asks for a field that is seldom there. */
const KINDS: readonly ((at: number) => string)[] = [
  (at) => `event.get("eventName") == "Call${at}" and event.get("errorCode") is None`,
  (at) => `event.get("eventSource", "").startswith("service${at}.")`,
  (at) => `event.deep_get("additionalEventData", "field${at}") is True`,
]

async function measure(context: BenchContext): Promise<Figure[]> {
  const base = await openProject({ root: context.checkout, log: nullLog })
  const template = [...base.detections.values()].find(({ type, body }) => type === 'rule' && body !== null)!
  const starts: Figure[] = []
  const curves: { name: string; figures: Figure[] }[] = []
  for (const guards of [true, false]) {
    const name = guards ? 'with guards' : 'without guards'
    const figures: Figure[] = []
    for (const size of SIZES) {
      context.progress(`${size} rules ${name}`)
      const { samples, start } = await costPerEvent(withRules(base, template, size), guards, context)
      figures.push({ name: `${size} rules on one log type, ${name}`, unit: 'µs/event', samples })
      if (guards)
        starts.push(...start.map((figure) => ({ ...figure, name: `${size} rules: ${figure.name}` })))
    }
    curves.push({ name, figures })
  }
  if (!context.quick) writeFileSync(PICTURE, pictureOf(curves))
  const [smallest, ...larger] = curves[0]!.figures
  return [
    ...starts,
    ...curves.flatMap(({ figures }) => figures),
    ...larger.map(({ samples }, i) => ({
      name: `${SIZES[i + 1]} rules / ${SIZES[0]} rules, with guards`,
      unit: 'x',
      samples: ratios(samples, smallest!.samples),
      reach: { atMost: MUST_RATIO },
    })),
  ]
}

/** Returns the microseconds for an event in each round, and the figures of the start. */
async function costPerEvent(
  project: Project,
  guards: boolean,
  { snapshotCache, quick }: BenchContext,
): Promise<{ samples: number[]; start: Figure[] }> {
  const next = realisticEvents(SEED)
  const startedAt = performance.now()
  const engine = await createEngine({
    project,
    purpose: 'run',
    workers: 1,
    guards,
    snapshotCache,
    log: nullLog,
  })
  const seconds = (performance.now() - startedAt) / 1_000
  const samples: number[] = []
  for (let round = 0; round <= (quick ? 4 : 9); round++) {
    const events = Array.from({ length: guards ? EVENTS.withGuards : EVENTS.withoutGuards }, next)
    const from = performance.now()
    await engine.evaluate(events)
    samples.push(((performance.now() - from) * 1_000) / events.length)
  }
  await engine.close()
  const [first, ...rest] = samples
  const start: Figure[] = [
    { name: 'cold start', unit: 's', samples: [seconds] },
    { name: 'the first events, with the making of the index', unit: 'µs/event', samples: [first!] },
  ]
  return { samples: rest, start }
}

function pictureOf(curves: readonly { name: string; figures: readonly Figure[] }[]): string {
  return lineChartSvg({
    title: 'What an event costs that no rule matches',
    x: 'rules on its log type',
    y: 'microseconds per event',
    curves: curves.map(({ name, figures }) => ({
      name,
      points: figures.map((figure, i) => ({ x: SIZES[i]!, y: summarise(figure).median })),
    })),
  })
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
