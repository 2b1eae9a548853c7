/** Events per second through the engine with one worker, against Python without it on the same events, alternating. */
import { createEngine } from '../src/engine/engine.ts'
import type { Engine } from '../src/model/events/evaluation.ts'
import type { Envelope } from '../src/model/events/event.ts'
import { nullLog } from '../src/model/ports.ts'
import type { Project } from '../src/model/project/project.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { type BarePython, type Run, startBarePyodide, startCPython } from './bare-python.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'
import { alternate, ratios } from './repeat.ts'
import { mixed, PACKS, type Pack, rulesOn, type Sorted, sortedEvents } from './workload.ts'

const RATES = [0.1, 0.9]
/** The results of native CPython for the CloudTrail rules of the corpus. */
const LEAST_RATIO = 0.8

interface Subjects {
  readonly project: Project
  readonly engine: Engine
  /** Native CPython first, where there is one. */
  readonly others: readonly BarePython[]
  readonly hasNative: boolean
  readonly repetitions: number
  readonly eventsPerRepetition: number
  readonly ofCorpus: boolean
}

async function measure(context: BenchContext): Promise<Figure[]> {
  const { checkout, corpus, snapshotCache, quick, progress } = context
  const project = await openProject({ root: corpus ?? checkout, log: nullLog })
  const engine = await createEngine({
    project,
    purpose: 'run',
    workers: 1,
    snapshotCache,
    log: nullLog,
  })
  const native = await startCPython(project, engine)
  const others = [...(native ? [native] : []), await startBarePyodide(project, engine)]
  if (native === null) progress('no python3 on the PATH: nothing native to compare with')
  for (const { name, problems } of others) {
    for (const problem of problems) progress(`only ${name} can't load ${problem}`)
  }
  const subjects = {
    project,
    engine,
    others,
    hasNative: native !== null,
    repetitions: quick ? 5 : 9,
    // The example project has few rules, so a run of the same duration needs more events.
    eventsPerRepetition: (quick ? 500 : 2_000) * (corpus === null ? 5 : 1),
    ofCorpus: corpus !== null,
  }
  try {
    const figures: Figure[] = []
    for (const pack of PACKS) figures.push(...(await measurePack(pack, subjects, progress)))
    return figures
  } finally {
    for (const other of others) other.close()
    await engine.close()
  }
}

async function measurePack(
  pack: Pack,
  subjects: Subjects,
  progress: BenchContext['progress'],
): Promise<Figure[]> {
  const { project, engine, repetitions, eventsPerRepetition } = subjects
  // There is one round more than the repetitions, because the warm-up has its own events.
  const count = (repetitions + 1) * eventsPerRepetition
  const sorted = await sortedEvents(project, engine, pack, Math.ceil(count * Math.max(...RATES)))
  if (sorted === null) {
    progress(`${pack.logType}: the project has not the rules and test events for it`)
    return []
  }
  const figures: Figure[] = []
  for (const rate of RATES) {
    progress(`${pack.logType} at a match rate of ${rate}`)
    figures.push(...(await measureRate(pack, rate, sorted, subjects)))
  }
  return figures
}

async function measureRate(pack: Pack, rate: number, sorted: Sorted, subjects: Subjects): Promise<Figure[]> {
  const { project, engine, others, hasNative, repetitions, eventsPerRepetition, ofCorpus } = subjects
  const events = mixed(sorted, rate, (repetitions + 1) * eventsPerRepetition)
  const found = new Map<string, number>()
  const perCoreSecond = new Map<string, number[]>()
  const subject = (name: string, evaluate: (events: readonly Envelope[]) => Promise<Run>) => ({
    run: async (round: number) => {
      const from = round * eventsPerRepetition
      const slice = events.slice(from, from + eventsPerRepetition)
      const { seconds, coreSeconds, findings } = await evaluate(slice)
      found.set(name, (found.get(name) ?? 0) + findings)
      // The first round warms up.
      if (round > 0) perCoreSecond.set(name, [...(perCoreSecond.get(name) ?? []), slice.length / coreSeconds])
      return eventsPerRepetition / seconds
    },
  })
  const [ours = [], ...theirs] = await alternate(
    [
      subject('engine', (slice) => runEngine(engine, slice)),
      ...others.map((other) => subject(other.name, (slice) => other.run(pack.logType, slice))),
    ],
    repetitions,
  )

  const name = `${pack.logType}, match rate ${rate}`
  const note = `${rulesOn(project, engine, pack.logType)} rules, ${bytesPerEvent(events)} bytes an event`
  const [native] = hasNative ? others : []
  const isGoal = (at: number) => hasNative && at === 0 && ofCorpus && pack.logType === 'AWS.CloudTrail'
  return [
    { name: `${name}: engine, one worker`, unit: 'events/s', samples: ours, note },
    ...others.map((other, at) => ({
      name: `${name}: ${other.name}`,
      unit: 'events/s',
      samples: theirs[at]!,
    })),
    ...others.map((other, at) => ({
      name: `${name}: engine / ${other.name}`,
      unit: 'x',
      samples: ratios(ours, theirs[at]!),
      note: agreement(found.get('engine'), found.get(other.name)),
      ...(isGoal(at) && { reach: { atLeast: LEAST_RATIO } }),
    })),
    ...(native
      ? [
          {
            name: `${name}: the same by core time, both threads of the engine`,
            unit: 'x',
            samples: ratios(perCoreSecond.get('engine')!, perCoreSecond.get(native.name)!),
          },
        ]
      : []),
  ]
}

async function runEngine(engine: Engine, events: readonly Envelope[]): Promise<Run> {
  const startedAt = performance.now()
  const usedBefore = process.cpuUsage()
  const evaluated = await engine.evaluate(events)
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(usedBefore)
  const counts = evaluated.map(({ outcome }) =>
    outcome.status === 'evaluated' ? outcome.findings.length : 0,
  )
  return {
    seconds,
    coreSeconds: (user + system) / 1e6,
    findings: counts.reduce((sum, count) => sum + count, 0),
  }
}

/** A comparison is invalid if the two did not do the same work. */
function agreement(ours: number | undefined, theirs: number | undefined): string {
  return ours === theirs ? `the same ${ours} findings` : `FINDINGS DIFFER: ${ours} and ${theirs}`
}

function bytesPerEvent(events: readonly Envelope[]): number {
  return Math.round(events.reduce((sum, { raw }) => sum + Buffer.byteLength(raw), 0) / events.length)
}

export default { title: 'Throughput', measure } satisfies Measurement
