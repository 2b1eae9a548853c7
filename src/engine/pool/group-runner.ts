/** MAIN THREAD. Runs one trust group with its own bodies, workers and quarantine. Trust groups share no state. */
import { messageOf } from '../../errors.ts'
import type { DetectionCache } from '../../model/events/detection-cache.ts'
import type { BodyProblem, TestCall, TestOutcome, UnitTestFile } from '../../model/events/evaluation.ts'
import type { Envelope } from '../../model/events/event.ts'
import type { ProjectFacts } from '../../model/events/facts.ts'
import type { GuardCall, GuardReport } from '../../model/events/guard-report.ts'
import type { Log } from '../../model/ports.ts'
import { bodiesOf } from '../protocol/bodies.ts'
import type { Body, BodyCall, LoadRequest, SimpleBody } from '../protocol/messages.ts'
import { projectFacts } from './body-facts.ts'
import type { CacheResponder } from './cache-server.ts'
import { splitIntoChunks } from './chunks.ts'
import { FaultIsolation } from './fault-isolation.ts'
import type { GroupContent, Outcome } from './split-by-trust.ts'
import type { StartState } from './start-state.ts'
import { runUnitTests } from './unit-test-jobs.ts'
import type { WorkerHandle } from './worker-handle.ts'
import { WorkerPool } from './worker-pool.ts'

export interface GroupOptions {
  readonly group: GroupContent
  readonly purpose: 'run' | 'test'
  readonly loadOptions: Pick<
    LoadRequest,
    'settings' | 'clockMode' | 'scheduledQueries' | 'packages' | 'guards'
  >
  readonly workers: number
  readonly startState: StartState
  readonly firstWorker: WorkerHandle
  /** See `EngineOptions`. */
  readonly part?: ReadonlySet<string> | undefined
  readonly cache: DetectionCache | undefined
  readonly log: Log
}

export interface GroupRunner {
  readonly name: string
  readonly problems: readonly BodyProblem[]
  /** Returns one outcome per event, in their order. */
  evaluate(events: readonly Envelope[]): Promise<readonly Outcome[]>
  /** Ids of the detections that `test` can run. */
  readonly testable: ReadonlySet<string>
  test(calls: readonly TestCall[]): Promise<readonly TestOutcome[]>
  /** Returns the reports of the guards, in the order of the calls, which are for detections of `testable`. */
  guards(calls: readonly GuardCall[]): Promise<readonly (GuardReport | null)[]>
  /** Returns the results of every file of unit tests, in their order. */
  unitTests(isSelected: (name: string) => boolean): Promise<readonly UnitTestFile[]>
  /** The results of the analysis of its bodies. */
  facts(): ProjectFacts
  /** The events for which no detection of the group had to run, since the start. */
  eventsWithoutPython(): number
  /** Why nothing can be evaluated now; null if it can. */
  unavailable(): string | null
  close(): Promise<void>
}

/** With this many events the cost of a call is negligible; more would only make a second run more expensive. */
const EVENTS_PER_JOB = 250
const DETECTIONS_PER_JOB = 15
const GUARDS_PER_JOB = 25
const CHARS_PER_JOB = 4 * 1024 * 1024

export async function startGroupRunner(options: GroupOptions): Promise<GroupRunner> {
  const { group, purpose, loadOptions, workers, startState, firstWorker, part, cache, log } = options
  const bodies = bodiesOf(group.content, purpose, part)
  const respondToCache = cache && cacheResponder(group.name, bodies, cache)
  const setup = { bodies, disabled: disabledBodies(bodies, group), ...loadOptions }
  const pool = await WorkerPool.start({
    group: group.name,
    setup,
    workers,
    startState,
    firstWorker,
    keepsSnapshot: !part,
    respondToCache,
    log,
  })
  const { limits } = loadOptions.settings
  const isolation = new FaultIsolation({ run: (job) => pool.run(job), bodies, limits, log })
  const numbers = detectionNumbers(bodies)
  const problems = [...pool.broken.values()].sort((a, b) => a.body - b.body)

  return {
    name: group.name,
    problems: problems.map(({ body, error }) => ({ ...nameOf(bodies[body]!), error })),
    testable: new Set(numbers.keys()),
    async evaluate(events) {
      const share = { workers, maxItems: EVENTS_PER_JOB, maxChars: CHARS_PER_JOB }
      const jobs = splitIntoChunks(events, ({ raw }) => raw.length, share).map((items) =>
        isolation.run({ kind: 'evaluate', items }),
      )
      return (await Promise.all(jobs)).flat() as Outcome[]
    },
    async test(calls) {
      const share = { workers: workers * 4, maxItems: DETECTIONS_PER_JOB, maxChars: CHARS_PER_JOB }
      const jobs = splitIntoChunks(runsOfOneDetection(calls), charsOf, share).map((runs) => {
        const items = runs.flat().map((call) => bodyCall(call, numbers.get(call.detection)!))
        return isolation.run({ kind: 'test', items })
      })
      return (await Promise.all(jobs)).flat() as TestOutcome[]
    },
    async guards(calls) {
      const items = calls.map(({ detection, entry, isMeasured = false }) => ({
        body: numbers.get(detection)!,
        entry,
        isMeasured,
      }))
      const withPython = items.filter(({ body }) => bodies[body]!.kind === 'detection')
      const reports: GuardReport[] = []
      // The jobs are short and follow each other, so that live events need not wait for all of them.
      for (let at = 0; at < withPython.length; at += GUARDS_PER_JOB) {
        const some = withPython.slice(at, at + GUARDS_PER_JOB)
        reports.push(...((await isolation.run({ kind: 'guards', items: some })) as readonly GuardReport[]))
      }
      const reported = reports.values()
      return items.map(({ body }) => (bodies[body]!.kind === 'detection' ? reported.next().value! : null))
    },
    unitTests: (isSelected) =>
      runUnitTests({
        bodies,
        brokenBodies: pool.broken,
        workers,
        isSelected,
        run: (work) => isolation.run(work),
      }),
    facts: () => projectFacts(pool.facts, bodies, loadOptions.packages.modules),
    eventsWithoutPython: () => isolation.eventsWithoutPython,
    unavailable: () => {
      const { refusal } = pool
      return refusal === null ? null : messageOf(refusal)
    },
    close: () => pool.close(),
  }
}

/** Adds the group and the detection to a request, since a worker knows bodies by number only. */
function cacheResponder(trustGroup: string, bodies: readonly Body[], cache: DetectionCache): CacheResponder {
  return async ({ body, event, operationId, operation }) => {
    const detection = bodies[body]?.id ?? ''
    return { value: await cache.request({ event, trustGroup, detection, operationId, operation }) }
  }
}

function bodyCall(call: TestCall, number: number): BodyCall {
  const { entry, mocks, followLines = false, recordReads = false, timeFunctions = false } = call
  return { body: number, entry, mocks, followLines, recordReads, timeFunctions }
}

/** The cases of one detection stay together and in order, because its module may carry state from one to the next. */
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

function disabledBodies(bodies: readonly Body[], { content }: GroupContent): number[] {
  return bodies.flatMap((body, number) =>
    body.kind === 'detection' && content.detections.get(body.id)?.enabled === false ? [number] : [],
  )
}

function detectionNumbers(bodies: readonly Body[]): Map<string, number> {
  return new Map(
    bodies.flatMap((body, number) =>
      body.kind === 'detection' || body.kind === 'simple' ? [[body.id, number]] : [],
    ),
  )
}

/** A simple detection is not loaded into Python, so it cannot have failed to load. */
function nameOf(body: Body): Pick<BodyProblem, 'kind' | 'id'> {
  const { kind, id } = body as Exclude<Body, SimpleBody>
  return { kind, id }
}
