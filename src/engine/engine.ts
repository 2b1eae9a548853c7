/**
 * MAIN THREAD. Evaluates events against all detections. Each trust group runs in its own workers; the results are merged
 * in the order of the events.
 */
import { availableParallelism } from 'node:os'
import { testCorrelation } from '../correlation/correlation-test.ts'
import type { DetectionCache } from '../model/events/detection-cache.ts'
import type {
  BodyProblem,
  Engine,
  EvaluatedEvent,
  TestCall,
  TestOutcome,
} from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { ProjectFacts } from '../model/events/facts.ts'
import type { GuardCall, GuardReport } from '../model/events/guard-report.ts'
import { failedOutcome, syntheticError } from '../model/events/outcome.ts'
import type { Log } from '../model/ports.ts'
import { NO_PACKAGES, type PackageSet } from '../model/project/packages.ts'
import type { Project } from '../model/project/project.ts'
import { withHints } from './load-hints.ts'
import { coalesce } from './pool/batching.ts'
import { type GroupOptions, type GroupRunner, startGroupRunner } from './pool/group-runner.ts'
import { PrewarmedWorker } from './pool/prewarmed-worker.ts'
import { joinFacts, joinOutcomes, splitByTrust } from './pool/split-by-trust.ts'
import { runUnitTestGroups } from './pool/unit-test-pool.ts'
import { limitHeapGrowth } from './pool/v8-flags.ts'
import { WorkerHandle } from './pool/worker-handle.ts'
import type { ClockMode } from './protocol/messages.ts'

export interface EngineOptions {
  readonly project: Project
  /** The number of workers of each trust group. Default: one per core, at least 2 and at most 4. */
  readonly workers?: number | undefined
  /** `run` evaluates enabled detections and stops after a matcher that does not alert. */
  readonly purpose: 'run' | 'test'
  readonly clockMode?: ClockMode
  readonly packages?: PackageSet
  /** The folder of the snapshots. Without it each start loads everything from source. */
  readonly snapshotCache?: string | undefined
  /**
   * The project is a part of another one and is used for a short time. Only these helpers are loaded before something
   * imports them, and no snapshot of the project is written.
   */
  readonly part?: ReadonlySet<string> | undefined
  /** A worker that is booting already, from the same folder. */
  readonly prewarmed?: PrewarmedWorker | undefined
  /** The store of the caching helpers in `run`. Without it each worker keeps their items for itself. */
  readonly cache?: DetectionCache | undefined
  /** Whether guards decide which detections do not run. Default: true. The results are the same either way. */
  readonly guards?: boolean | undefined
  readonly log: Log
}

/** Small batches wait this long for others, because a source may send one event at a time and each call of Python costs. */
const BATCH_WINDOW_MS = 5
const FULL_BATCH_EVENTS = 100

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { project, log } = options
  const prewarmed = options.prewarmed ?? PrewarmedWorker.start(options.snapshotCache)
  const groups = await startGroups(options, prewarmed)
  if (options.purpose === 'run') limitHeapGrowth()
  const order = new Map([...project.detections.keys()].map((id, index) => [id, index]))

  const unavailable = () =>
    groups.flatMap((group) => {
      const reason = group.unavailable()
      if (reason === null) return []
      return [groups.length === 1 ? reason : `trust group ${group.name}: ${reason}`]
    })

  async function evaluate(events: readonly Envelope[]): Promise<readonly EvaluatedEvent[]> {
    // An event counts as evaluated when every group has evaluated it; only then may its sender forget it.
    const [reason] = unavailable()
    if (reason !== undefined) throw new Error(reason)
    const outcomes = await Promise.all(groups.map((group) => group.evaluate(events)))
    return events.map((envelope, at) => {
      const parts = groups.map(({ name }, i) => ({ group: name, outcome: outcomes[i]![at]! }))
      return { envelope, outcome: joinOutcomes(parts, order) }
    })
  }

  async function test(calls: readonly TestCall[]): Promise<readonly TestOutcome[]> {
    const answered = await Promise.all(
      groups.map(async (group) => {
        const own = calls.filter(({ detection }) => group.testable.has(detection))
        const outcomes = await group.test(own)
        return own.map((call, i) => [call, outcomes[i]!] as const)
      }),
    )
    const outcomes = new Map(answered.flat())
    return calls.map((call) => outcomes.get(call) ?? testWithoutWorker(call, project))
  }

  async function guards(calls: readonly GuardCall[]): Promise<readonly (GuardReport | null)[]> {
    const reported = await Promise.all(
      groups.map(async (group) => {
        const own = calls.filter(({ detection }) => group.testable.has(detection))
        const reports = await group.guards(own)
        return own.map((call, i) => [call, reports[i]!] as const)
      }),
    )
    const reports = new Map(reported.flat())
    return calls.map((call) => reports.get(call) ?? null)
  }

  const closing = new AbortController()
  let known: ProjectFacts | undefined
  const facts = () => {
    known ??= joinFacts(groups.map((group) => group.facts()))
    return known
  }
  const problems = distinct(groups.flatMap((group) => group.problems))
  return {
    get facts() {
      return facts()
    },
    problems: withHints(problems, project, () => facts().helpers),
    unavailable,
    eventsWithoutPython: () => groups.reduce((sum, group) => sum + group.eventsWithoutPython(), 0),
    evaluate: coalesce({ run: evaluate, fullBatchItems: FULL_BATCH_EVENTS, waitMs: BATCH_WINDOW_MS }),
    test,
    guards,
    unitTests: (isSelected) => {
      const broken = new Set(groups.flatMap(({ problems }) => problems.map(({ id }) => id)))
      const { signal } = closing
      return runUnitTestGroups({
        project,
        loadOptions: loadOptionsOf(options),
        startState: prewarmed.state,
        log,
        broken,
        isSelected,
        signal,
      })
    },
    close: async () => {
      closing.abort()
      await Promise.all([...groups.map((group) => group.close()), prewarmed.state.settled()])
    },
  }
}

function loadOptionsOf({
  project,
  purpose,
  clockMode,
  packages,
  guards,
}: EngineOptions): GroupOptions['loadOptions'] {
  const { classification, limits } = project.settings
  const running = [...project.detections.values()].filter(({ enabled }) => enabled || purpose === 'test')
  return {
    settings: { classification, limits },
    clockMode: clockMode ?? 'acceptance',
    packages: packages ?? NO_PACKAGES,
    guards: guards ?? true,
    scheduledQueries: running.flatMap(({ scheduledQueries }) => scheduledQueries),
  }
}

/** The worker that is booting already goes to the first group. */
async function startGroups(options: EngineOptions, prewarmed: PrewarmedWorker): Promise<GroupRunner[]> {
  const { project, purpose, part, cache, log } = options
  const { state: startState } = prewarmed
  const loadOptions = loadOptionsOf(options)
  const workers = options.workers ?? Math.min(4, Math.max(2, availableParallelism()))
  // The starts are asynchronous, so a thread that cannot be started leaves no other group half started.
  const starts = splitByTrust(project).map(async (group, index) => {
    const firstWorker = index === 0 ? prewarmed.claim() : WorkerHandle.start(startState)
    return startGroupRunner({
      group,
      purpose,
      loadOptions,
      workers,
      startState,
      firstWorker,
      part,
      cache,
      log,
    })
  })
  const started = await Promise.allSettled(starts)
  const groups = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = started.find((each) => each.status === 'rejected')
  if (!failed) return groups
  await Promise.all(groups.map((group) => group.close()))
  throw failed.reason
}

/** Removes duplicates: a helper that several groups could not load is one problem. */
function distinct(problems: readonly BodyProblem[]): BodyProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.kind} ${problem.id}`, problem])).values()]
}

/** Correlation rules are tested here: they evaluate no event, and all their signals are in the case. */
function testWithoutWorker({ detection: id, entry }: TestCall, { detections }: Project): TestOutcome {
  const correlation = detections.get(id)?.correlation
  if (correlation) return testCorrelation(correlation, entry)
  return failedOutcome(syntheticError('NothingToRun', `${id} has no Python body that could be run`))
}
