/** Realistic CloudTrail events against all enabled rules of a repository: with guards, without, and native CPython. */
import { createEngine } from '../src/engine/engine.ts'
import type { Engine } from '../src/model/events/evaluation.ts'
import type { Envelope } from '../src/model/events/event.ts'
import { nullLog } from '../src/model/ports.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { startCPython } from './bare-python.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'
import { realisticEvents } from './realistic-events.ts'
import { alternate, ratios } from './repeat.ts'
import { mixed, PACKS, sortedEvents } from './workload.ts'

const SEED = 20_260_102
const RATES = [0, 0.01, 0.1]
const MUST_PER_SECOND: Readonly<Record<number, number>> = { 0: 40_000, 0.01: 25_000 }
const MUST_RATIO = 3

/** @param rates those of the matching events. */
export async function measureRates(
  { checkout, corpus, snapshotCache, quick, progress }: BenchContext,
  rates: readonly number[],
): Promise<Figure[]> {
  const project = await openProject({ root: corpus ?? checkout, log: nullLog })
  const start = (guards: boolean) =>
    createEngine({ project, purpose: 'run', workers: 1, guards, snapshotCache, log: nullLog })
  const unguarded = await start(false)
  const guarded = await start(true)
  const native = await startCPython(project, unguarded)
  try {
    const repetitions = quick ? 3 : 7
    const count = quick ? 2_000 : 8_000
    const pack = PACKS[0]!
    const most = Math.ceil((repetitions + 1) * count * Math.max(...rates))
    const sorted = await sortedEvents(project, unguarded, pack, most)
    if (sorted === null) {
      progress(`${pack.logType}: the project has not the rules and test events for it`)
      return []
    }
    const next = realisticEvents(SEED)
    const figures: Figure[] = []
    for (const rate of rates) {
      progress(`a match rate of ${rate}`)
      const quiet = Array.from({ length: (repetitions + 1) * count }, next)
      const events = mixed({ matching: sorted.matching, quiet }, rate, quiet.length)
      const slice = (round: number) => events.slice(round * count, (round + 1) * count)
      const without = guarded.eventsWithoutPython()
      const found = { guarded: 0, unguarded: 0 }
      const [ours = [], plain = [], theirs = []] = await alternate(
        [
          { run: async (round) => perSecond(guarded, slice(round), (some) => (found.guarded += some)) },
          { run: async (round) => perSecond(unguarded, slice(round), (some) => (found.unguarded += some)) },
          ...(native
            ? [
                {
                  run: async (round: number) =>
                    count / (await native.run(pack.logType, slice(round))).seconds,
                },
              ]
            : []),
        ],
        repetitions,
      )
      const share = (guarded.eventsWithoutPython() - without) / events.length
      const name = `realistic CloudTrail, match rate ${rate}`
      const must = MUST_PER_SECOND[rate]
      const agreement =
        found.guarded === found.unguarded
          ? `the same ${found.guarded} findings`
          : `FINDINGS DIFFER: ${found.guarded} and ${found.unguarded}`
      figures.push(
        {
          name: `${name}: with guards, one worker`,
          unit: 'events/s',
          samples: ours,
          note: `${(100 * share).toFixed(1)} % of the events did not enter Python`,
          ...(corpus !== null && must !== undefined && { reach: { atLeast: must } }),
        },
        { name: `${name}: without guards`, unit: 'events/s', samples: plain },
        { name: `${name}: with / without`, unit: 'x', samples: ratios(ours, plain), note: agreement },
      )
      if (native) {
        const reach = corpus !== null && rate === 0.01 ? { reach: { atLeast: MUST_RATIO } } : {}
        figures.push(
          { name: `${name}: native CPython`, unit: 'events/s', samples: theirs },
          {
            name: `${name}: with guards / native CPython`,
            unit: 'x',
            samples: ratios(ours, theirs),
            ...reach,
          },
        )
      }
    }
    return figures
  } finally {
    native?.close()
    await Promise.all([guarded.close(), unguarded.close()])
  }
}

async function perSecond(
  engine: Engine,
  events: readonly Envelope[],
  count: (findings: number) => unknown,
): Promise<number> {
  const startedAt = performance.now()
  const evaluated = await engine.evaluate(events)
  const seconds = (performance.now() - startedAt) / 1_000
  for (const { outcome } of evaluated) if (outcome.status === 'evaluated') count(outcome.findings.length)
  return events.length / seconds
}

export default {
  title: 'Realistic events',
  measure: (context) => measureRates(context, RATES),
} satisfies Measurement
