/** Detections x events -> findings: hands batches to the pool and puts their results back in order. */
import { availableParallelism } from 'node:os'
import type { BodyProblem, Engine, EvaluatedEvent, TestCall, TestOutcome } from '../model/evaluation.ts'
import type { Envelope } from '../model/event.ts'
import type { ProjectFacts } from '../model/facts.ts'
import type { Log } from '../model/ports.ts'
import type { Project } from '../model/project.ts'
import { bodiesOf } from './bodies.ts'
import { projectFacts } from './body-facts.ts'
import { chunks } from './chunks.ts'
import { Containment } from './containment.ts'
import { failedOutcome, plainError } from './ended-call.ts'
import type { Evaluator } from './evaluator.ts'
import { NO_CACHE, openImageCache } from './image-cache.ts'
import { createImages, type Images } from './images.ts'
import { bootEvaluator, Pool } from './pool.ts'
import type { Body, BrokenBody, ClockMode, SimpleBody } from './protocol.ts'

export interface EngineOptions {
  readonly project: Project
  /** Default: one per core, at least 2 and at most 4. */
  readonly workers?: number | undefined
  /** `run` evaluates enabled detections and stops after a matcher that does not alert. */
  readonly purpose: 'run' | 'test'
  readonly clockMode?: ClockMode
  /** Folder of the prepared interpreters; without it each start loads everything. */
  readonly imageCache?: string | undefined
  /** Booting already, from that folder. */
  readonly warm?: WarmEngine | undefined
  readonly log: Log
}

/** A batch of this size keeps the cost of a crossing below notice; more only makes a second run dearer. */
const EVENTS_PER_JOB = 250
const DETECTIONS_PER_JOB = 15
const CHARS_PER_JOB = 4 * 1024 * 1024

/** Beyond it Python gets a MemoryError. */
const MEMORY_BYTES = 256 * 1024 * 1024

/** An interpreter that boots while the project is still being read. */
export class WarmEngine {
  readonly images: Images
  readonly #first: Promise<Evaluator>
  #taken = false

  /** @param imageCache folder of the prepared interpreters; without it each start loads everything. */
  constructor(imageCache: string | undefined, log: Log) {
    this.images = createImages(imageCache ? openImageCache(imageCache) : NO_CACHE, MEMORY_BYTES, log)
    this.#first = bootEvaluator(this.images)
    this.#first.catch(() => {})
  }

  take(): Promise<Evaluator> {
    this.#taken = true
    return this.#first
  }

  /** Ends it where no engine came of it. */
  async cool(): Promise<void> {
    if (!this.#taken) await (await this.#first).stop()
  }
}

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { project, log } = options
  const { classification, limits } = project.settings
  const bodies = bodiesOf(project, options.purpose)
  const workers = options.workers ?? Math.min(4, Math.max(2, availableParallelism()))
  const setup = {
    bodies,
    settings: { classification, limits },
    clockMode: options.clockMode ?? 'acceptance',
  }
  const warm = options.warm ?? new WarmEngine(options.imageCache, log)
  const pool = await Pool.start({ setup, workers, images: warm.images, first: warm.take(), log })
  const containment = new Containment({ run: (job) => pool.run(job), bodies, limits, log })

  async function evaluate(events: readonly Envelope[]): Promise<readonly EvaluatedEvent[]> {
    const share = { workers, mostItems: EVENTS_PER_JOB, mostChars: CHARS_PER_JOB }
    const jobs = chunks(events, ({ raw }) => raw.length, share).map(async (items) => {
      const outcomes = await containment.run({ kind: 'evaluate', items })
      return items.map((envelope, at) => ({ envelope, outcome: outcomes[at] as EvaluatedEvent['outcome'] }))
    })
    return (await Promise.all(jobs)).flat()
  }

  const numbers = detectionNumbers(bodies)
  async function test(calls: readonly TestCall[]): Promise<readonly TestOutcome[]> {
    const share = { workers: workers * 4, mostItems: DETECTIONS_PER_JOB, mostChars: CHARS_PER_JOB }
    const known = calls.filter(({ detection }) => numbers.has(detection))
    const jobs = chunks(runsOfOneDetection(known), charsOf, share).map((runs) => {
      const items = runs.flat().map(({ detection, ...call }) => ({ ...call, body: numbers.get(detection)! }))
      return containment.run({ kind: 'test', items })
    })
    const outcomes = (await Promise.all(jobs)).flat().values()
    return calls.map(({ detection }) =>
      numbers.has(detection) ? (outcomes.next().value as TestOutcome) : nothingToRun(detection),
    )
  }

  let facts: ProjectFacts | undefined
  return {
    get facts() {
      facts ??= projectFacts(pool.facts, bodies)
      return facts
    },
    problems: [...pool.broken.values()]
      .sort((a, b) => a.body - b.body)
      .map((broken) => bodyProblem(broken, bodies)),
    evaluate,
    test,
    close: () => pool.close(),
  }
}

/** The cases of one detection stay together and in order: its module may carry state from one to the next. */
function runsOfOneDetection(calls: readonly TestCall[]): TestCall[][] {
  const runs: TestCall[][] = []
  for (const call of calls) {
    const run = runs.at(-1)
    if (run?.[0]?.detection === call.detection) run.push(call)
    else runs.push([call])
  }
  return runs
}

function charsOf(calls: readonly TestCall[]): number {
  return calls.reduce((chars, { entry }) => chars + entry.length, 0)
}

function detectionNumbers(bodies: readonly Body[]): Map<string, number> {
  return new Map(
    bodies.flatMap((body, number) =>
      body.kind === 'detection' || body.kind === 'simple' ? [[body.id, number]] : [],
    ),
  )
}

function bodyProblem({ body, error }: BrokenBody, bodies: readonly Body[]): BodyProblem {
  const { kind, id } = bodies[body] as Exclude<Body, SimpleBody>
  return { kind, id, error }
}

function nothingToRun(detection: string): TestOutcome {
  return failedOutcome(plainError('NothingToRun', `${detection} has no Python body that could be run`))
}
