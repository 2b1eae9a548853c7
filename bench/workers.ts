/** Two workers against one: the same events, alternating. */
import { createEngine } from '../src/engine/engine.ts'
import type { Engine } from '../src/model/events/evaluation.ts'
import type { Envelope } from '../src/model/events/event.ts'
import { nullLog } from '../src/model/ports.ts'
import { openProject } from '../src/workspace/open-project.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'
import { alternate, ratios, secondsOf } from './repeat.ts'
import { mixed, PACKS, sortedEvents } from './workload.ts'

const RATE = 0.1
/** The second worker starts only when there is work for it, and then takes a while. */
const WARM_UP_SECONDS = 10

async function measure(context: BenchContext): Promise<Figure[]> {
  const { checkout, corpus, snapshotCache, quick, progress } = context
  const pack = PACKS[0]!
  const eventsPerRepetition = quick ? 1_000 : 4_000
  const repetitions = quick ? 5 : 9
  const project = await openProject({ root: corpus ?? checkout, log: nullLog })
  const options = { project, purpose: 'run', snapshotCache, log: nullLog } as const
  const one = await createEngine({ ...options, workers: 1 })
  const two = await createEngine({ ...options, workers: 2 })
  try {
    const sorted = await sortedEvents(project, two, pack, Math.ceil(eventsPerRepetition * (1 - RATE)))
    if (sorted === null) return []
    progress(`${pack.logType} with one worker and with two`)
    const events = mixed(sorted, RATE, eventsPerRepetition)
    await keepBusy(two, events, WARM_UP_SECONDS)
    const coresUsed = new Map<Engine, number[]>([one, two].map((engine) => [engine, []]))
    const [single = [], double = []] = await alternate(
      [one, two].map((engine) => ({
        run: async () => {
          const before = process.cpuUsage()
          const seconds = await secondsOf(() => engine.evaluate(events))
          const { user, system } = process.cpuUsage(before)
          coresUsed.get(engine)!.push((user + system) / 1e6 / seconds)
          return eventsPerRepetition / seconds
        },
      })),
      repetitions,
    )
    // The samples of the warm-up are not included.
    const cores = (engine: Engine) => coresUsed.get(engine)!.slice(1)
    const name = `${pack.logType}, match rate ${RATE}`
    return [
      { name: `${name}: one worker`, unit: 'events/s', samples: single },
      { name: `${name}: two workers`, unit: 'events/s', samples: double },
      { name: 'cores used by one worker and the main thread', unit: 'cores', samples: cores(one) },
      { name: 'cores used by two, as far as the machine had them', unit: 'cores', samples: cores(two) },
      { name: 'two workers / one', unit: 'x', samples: ratios(double, single), reach: { atLeast: 1.7 } },
    ]
  } finally {
    await one.close()
    await two.close()
  }
}

async function keepBusy(engine: Engine, events: readonly Envelope[], seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1_000
  while (performance.now() < until) await engine.evaluate(events)
}

export default { title: 'Workers', measure } satisfies Measurement
