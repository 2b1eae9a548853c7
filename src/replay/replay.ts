/**
 * Replays recorded events through one project, or through two of which the results are compared. The time of the events is
 * the clock, and nothing is sent.
 */
import type { ArchiveKeys } from '../archive/archive-keys.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Log } from '../model/ports.ts'
import type { PackageSet } from '../model/project/packages.ts'
import type { RoutedProject } from '../model/project/project.ts'
import type { InputProblem, ReplayReport } from '../model/replay/replay-report.ts'
import { Simulation } from '../simulation/simulation.ts'
import { openSimulationStore, type SimulationStore } from '../simulation/simulation-store.ts'
import { pagingDestinations } from '../workspace/destinations/paging-destinations.ts'
import { type EngineStart, packagesOf } from '../workspace/open-project.ts'
import { AlertLog } from './alert-log.ts'
import { type Budgets, checkBudgets } from './budgets.ts'
import { compareAlerts } from './compare-alerts.ts'
import { EvaluatedStream, type StreamPosition } from './evaluated-stream.ts'
import { type Evaluator, startEvaluator } from './evaluators.ts'
import { envelopesOf } from './event-stream.ts'
import type { InputStream } from './input-files.ts'
import { InputRecord } from './input-record.ts'
import { type MergedEvent, mergeStreams } from './merge-streams.ts'
import type { ReplayState } from './replay-state.ts'
import { reportRevision } from './revision-report.ts'

export interface ReplayedRevision {
  readonly name: string
  readonly commit: string | null
  readonly project: RoutedProject
}

export interface ReplayOptions {
  readonly after: ReplayedRevision
  readonly before: ReplayedRevision | null
  readonly inputs: readonly InputStream[]
  /** The keys of encrypted archives; absent: there are none. */
  readonly keys?: ArchiveKeys | undefined
  readonly state: ReplayState
  readonly budgets: Budgets
  /** Epoch ms; events before `since`, and from `until` on, are left out. */
  readonly since: number | null
  readonly until: number | null
  readonly sample: number
  readonly onProgress: (progress: ReplayProgress) => void
  readonly start: Pick<EngineStart, 'prewarmed' | 'guards'>
  readonly log: Log
  readonly signal: AbortSignal
}

export interface ReplayProgress {
  readonly events: number
  /** Bytes of the files that were read. */
  readonly bytes: number
}

interface Cursor {
  /** The events of each stream up to these positions are committed. */
  readonly positions: readonly StreamPosition[]
  readonly events: ReturnType<InputRecord['save']>
}

interface Side {
  readonly revision: ReplayedRevision
  readonly opened: SimulationStore
  readonly simulation: Simulation
  readonly alerts: AlertLog
}

/** Resolves with null if the signal aborted before the end. */
export async function replay(options: ReplayOptions): Promise<ReplayReport | null> {
  const { after, before, state, log } = options
  const revisions = before === null ? [after] : [after, before]
  const opened = [await openSimulationStore(state.storeUrl('after'))]
  if (before !== null) opened.push(await openSimulationStore(state.storeUrl('before')))
  const closing: (() => Promise<void>)[] = opened.map((each) => () => each.close())
  try {
    const subjects = revisions.map(({ name, project }, i) => ({ name, project, cache: opened[i]!.cache }))
    const packages: PackageSet = packagesOf(after.project)
    const evaluator = await startEvaluator(subjects[0]!, subjects[1] ?? null, log, {
      ...options.start,
      packages,
    })
    closing.unshift(() => evaluator.close())
    const sides: Side[] = []
    for (const [i, revision] of revisions.entries()) {
      sides.push(await openSide(revision, opened[i]!, evaluator, i, log))
    }
    const record = await runEvents(sides, evaluator, options)
    return options.signal.aborted ? null : await report(sides, record, options)
  } finally {
    for (const close of closing) await close()
  }
}

async function openSide(
  revision: ReplayedRevision,
  opened: SimulationStore,
  evaluator: Evaluator,
  index: number,
  log: Log,
): Promise<Side> {
  const alerts = new AlertLog()
  opened.onPlan((plan) => alerts.record(plan))
  const simulation = await Simulation.open({
    project: revision.project,
    opened,
    evaluate: (events) => evaluator.evaluateAgain(index, events),
    onAdmitted: () => {},
    log,
  })
  if (simulation.cursor !== null) await alerts.restore(opened.store)
  return { revision, opened, simulation, alerts }
}

async function runEvents(sides: readonly Side[], evaluator: Evaluator, options: ReplayOptions) {
  const { inputs, keys = null, sample, log, signal, onProgress } = options
  const { eventBytes } = options.after.project.settings.limits
  const cursors = sides.map(({ simulation: { cursor } }) =>
    cursor === null ? null : (JSON.parse(cursor) as Cursor),
  )
  for (const [i, { simulation }] of sides.entries()) {
    const at = cursors[i]?.events.until ?? null
    if (at !== null) await simulation.resume(at)
  }
  // If the process ended between the commits of two revisions, one of them has committed more.
  const [first = null] = cursors.toSorted((a, b) => total(a) - total(b))
  const positions = first?.positions ?? inputs.map(() => ({ count: 0, lastAt: null }))
  const record = new InputRecord(first?.events ?? null, sample)
  let seq = 0
  let bytes = 0
  const nextSeq = () => seq++
  const onBytes = (read: number) => {
    bytes += read
  }
  const streams = inputs.map((input, i) => {
    const context = { eventBytes, keys, sample, skip: positions[i]!.count, nextSeq, onBytes, log, signal }
    return new EvaluatedStream(envelopesOf(input, context), evaluator.evaluate, positions[i]!)
  })
  for await (const merged of mergeStreams(streams)) {
    if (signal.aborted) break
    await admitChunk(merged, sides, cursors, record, options)
    onProgress({ events: record.read, bytes })
  }
  if (!signal.aborted) for (const { simulation } of sides) await simulation.end()
  return record
}

async function admitChunk(
  merged: readonly MergedEvent[],
  sides: readonly Side[],
  cursors: readonly (Cursor | null)[],
  record: InputRecord,
  { since, until }: ReplayOptions,
): Promise<void> {
  const isWithin = (at: number) => (since === null || at >= since) && (until === null || at < until)
  const within = merged.flatMap(({ event, positions }) => {
    const isIn = isWithin(event.at)
    record.add(event, isIn)
    return isIn ? [{ event, cursor: { positions, events: record.save() } satisfies Cursor }] : []
  })
  for (const [i, { simulation }] of sides.entries()) {
    // A revision that had committed more before an interruption does not get it again.
    const committed = total(cursors[i] ?? null)
    const own = within.filter(({ cursor }) => total(cursor) > committed)
    const events: EvaluatedEvent[] = own.map(({ event }) => event.outcomes[i]!)
    await simulation.admit(events, (count) => JSON.stringify(own[count - 1]!.cursor))
  }
}

function total(cursor: Pick<Cursor, 'positions'> | null): number {
  return cursor === null ? 0 : cursor.positions.reduce((sum, { count }) => sum + count, 0)
}

async function report(
  sides: readonly Side[],
  record: InputRecord,
  { budgets }: ReplayOptions,
): Promise<ReplayReport> {
  const events = record.events()
  const periodMs = events.from === null ? 0 : events.until! - events.from
  const [after, before = null] = await Promise.all(
    sides.map(async ({ revision: { name, commit, project }, alerts }) => {
      const { registry } = project
      const destinations = registry.destinations.map((each) => each.name)
      const paging = await pagingDestinations(registry)
      return reportRevision({ name, commit, log: alerts, destinations, paging }, periodMs)
    }),
  )
  const changes = before === null ? null : compareAlerts(before.alerts, after!.alerts)
  const problems: readonly InputProblem[] = record.problems
  return {
    events,
    after: after!,
    before,
    changes,
    problems,
    problemCount: record.problemCount,
    budgets: checkBudgets(budgets, { after: after!, changes }),
  }
}
