/** Reports what guards do: a log entry for each generation, and a counter of the events that did not enter Python. */
import type { Engine } from '../model/events/evaluation.ts'
import type { Log, Metrics } from '../model/ports.ts'
import type { Project } from '../model/project/project.ts'
import { coverageText, guardCoverage, incompleteTypes } from '../workspace/guards/guard-coverage.ts'

/** Logs how many detections are guarded. It must not delay the start, so nothing waits for it. */
export async function logGuards(
  project: Project,
  engine: Pick<Engine, 'guards'>,
  log: Log,
  areUsed: boolean,
): Promise<void> {
  if (!areUsed) return log.info({}, 'guards: off')
  try {
    const coverage = await guardCoverage(project, engine)
    const { detections, logTypes } = coverage
    const completeLogTypes = logTypes.length - incompleteTypes(coverage).length
    const fields = { ...detections, completeLogTypes, logTypes: logTypes.length }
    log.info(fields, `guards: ${coverageText(coverage)}`)
  } catch {
    // The engine was closed meanwhile. The line is only information.
  }
}

type Counted = Pick<Engine, 'eventsWithoutPython'>

const METRIC = 'signalbox_events_without_python_total'

/** Each generation counts for itself, and the metric never goes back. */
export class SkippedEventsCounter {
  readonly #metrics: Pick<Metrics, 'count'>
  readonly #counted = new WeakMap<Counted, number>()

  constructor(metrics: Pick<Metrics, 'count'>) {
    this.#metrics = metrics
  }

  /** Adds what the generation has skipped since the last call. */
  record(generation: Counted): void {
    const total = generation.eventsWithoutPython()
    this.#metrics.count(METRIC, {}, total - (this.#counted.get(generation) ?? 0))
    this.#counted.set(generation, total)
  }
}
