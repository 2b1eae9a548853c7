/** Processes findings: build, route, read, deduplicate, commit. No event is settled before the commit. */
import { Bug } from '../errors.ts'
import type { MatchFinding, SystemFinding } from '../model/alerts/finding.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope, Settlement } from '../model/events/event.ts'
import type { Project } from '../model/project/project.ts'
import { EMPTY_PLAN, type ReadState, type Store } from '../store/store.ts'
import type { Batch, ClaimedBatch } from './batch.ts'
import { BatchGroups, type Pace } from './batch-groups.ts'
import { type CacheCommit, NOTHING_CACHED } from './cache-ledger.ts'
import type { CacheLedgers } from './cache-ledgers.ts'
import { CachedBatch } from './cached-batch.ts'
import { CommitQueues } from './commit-queues.ts'
import { type ConflictSubject, conflictSubjects, type RefusedPlan } from './conflict-subjects.ts'
import type { CursorClaim } from './cursor-claim.ts'
import { type AdmitResult, Planner } from './planner.ts'
import { StoredRules } from './stored-rules.ts'
import { detectionMuted } from './system-findings.ts'
import {
  idempotencyId,
  isIdle,
  keysOf,
  planForEvent,
  planForMatch,
  planForSystem,
  routeSystem,
  type Work,
} from './work.ts'

const SEEN_TTL_MS = 24 * 3_600_000
const NONE_REPEATED: ReadonlySet<Work> = new Set()
const MAX_COMMIT_TRIES = 20
/** No source has this name, because it is no source spec. */
const SYSTEM_QUEUE = 'system findings'

export type { Batch } from './batch.ts'

export interface Pipeline {
  /**
   * Resolves after the commit with one settlement per event, in order. Rejects if another run has taken the source: then
   * nothing of the batch counts, and `claim.isFenced` is true.
   */
  admit(batch: Batch): Promise<readonly Settlement[]>
  /** Resolves with whether each event was committed before, by its idempotency key. It is called before the evaluation. */
  areKnown(events: readonly Envelope[]): Promise<readonly boolean[]>
  /** Admits matches of a correlation rule, with the cursor up to which signals were read. Rejects as `admit` does. */
  admitMatches(findings: readonly MatchFinding[], claim: CursorClaim, cursor: string): Promise<void>
  admitSystem(findings: readonly SystemFinding[]): Promise<void>
  /** Runs a task while no queue commits, so that no plan was made with the project that the task replaces. */
  betweenCommits<T>(task: () => Promise<T>): Promise<T>
}

interface Committed {
  /** The works whose events were counted before. */
  readonly repeated: ReadonlySet<Work>
  /** Resolves when the commit is on disk and was reported. */
  readonly durable: Promise<void>
}

interface CommittedBatch extends Committed {
  /** The work of each event of the batch. */
  readonly works: readonly Work[]
}

interface PipelineOptions {
  readonly store: Store
  /** The changes of events in the cache are committed with their effects. */
  readonly cache?: CacheLedgers
  /** It is called for each batch, so that a reload takes effect between batches. */
  readonly project: () => Project
  /** It is called after each commit with the results in order, and the number of deliveries. */
  readonly onAdmitted: (admitted: readonly AdmitResult[], deliveries: number) => void
  /** It is called for each kind of state that another writer changed before a commit. */
  readonly onConflict?: (subject: ConflictSubject) => void
  /** It is called with the time that a commit has taken, until it was on disk. */
  readonly onCommitted?: (ms: number) => void
  /** If it is absent, commits of a source follow each other without a pause. */
  readonly pace?: Pace
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { store, cache = null, project, onAdmitted, onConflict = () => {}, pace = null } = options
  const { onCommitted = () => {} } = options
  const queues = new CommitQueues()
  const storedRules = new StoredRules(store)

  /**
   * Tries to commit works once. The next commit of the queue can be decided before this one is on disk.
   * @param refused the plan of the previous try; null: there was none.
   */
  const tryCommit = async (
    works: readonly Work[],
    { claim, cursor }: Pick<Batch, 'claim' | 'cursor'>,
    cached: CacheCommit,
    currentProject: Project,
    refused: RefusedPlan | null,
  ): Promise<Committed | RefusedPlan> => {
    const { registry, settings, handling: rules } = currentProject
    if (typeof registry === 'string') throw new Bug('the pipeline needs a registry')
    const state = await store.read(keysOf(works, rules))
    if (refused !== null) for (const subject of conflictSubjects(refused, state)) onConflict(subject)
    const planner = new Planner(state, {
      registry,
      alertUrl: settings.alertUrl,
      now: store.now(),
      handling: { rules, state: await storedRules.at(state.rulesVersion) },
    })
    const repeated = repeatedWorks(works, state.seen)
    const newWorks = works.filter((work) => !repeated.has(work))
    const admitted = newWorks.flatMap((work) => admitWork(work, planner, currentProject))
    const plan = {
      ...EMPTY_PLAN,
      ...planner.plan,
      cursors: claim !== null && cursor !== null ? [{ source: claim.source, cursor }] : [],
      kv: cached.kv,
      seen: newWorks.flatMap(({ seenIds, at }) => seenIds.map((id) => ({ id, until: at + SEEN_TTL_MS }))),
    }
    const cursors = new Map(claim === null ? [] : [[claim.source, claim.expected]])
    const expected = { ...planner.expected, cursors, items: cached.expected }
    const startedAt = performance.now()
    const { answer, durable } = await store.apply(plan, expected)
    claim?.record(answer, plan.cursors.length > 0)
    if (answer === 'conflict') return { ...planner.expected, seen: state.seen }
    if (answer === 'fenced') throw new Error(`another run has taken the source ${claim?.source}`)
    cached.done()
    const reported = durable.then(() => {
      onCommitted(performance.now() - startedAt)
      onAdmitted(admitted, plan.deliveries.length)
    })
    return { repeated, durable: reported }
  }

  /** Commits works that use no cache. */
  const commit = async (
    works: readonly Work[],
    place: Pick<Batch, 'claim' | 'cursor'>,
    currentProject: Project,
  ): Promise<Committed> => {
    let refused: RefusedPlan | null = null
    for (let attempt = 0; attempt < MAX_COMMIT_TRIES; attempt++) {
      const result = await tryCommit(works, place, NOTHING_CACHED, currentProject, refused)
      if (isCommitted(result)) return result
      refused = result
    }
    throw tooManyConflicts()
  }

  const commitBatch = async (
    batch: CachedBatch,
    place: Pick<Batch, 'claim' | 'cursor'>,
  ): Promise<CommittedBatch> => {
    let refused: RefusedPlan | null = null
    for (let attempt = 0; attempt < MAX_COMMIT_TRIES; attempt++) {
      await batch.refresh()
      const currentProject = project()
      const works = batch.events.map((event) => planForEvent(event, currentProject))
      const effective = works.filter((work) => !isIdle(work))
      const cached = batch.commit()
      if (effective.length === 0 && place.cursor === null && cached.kv.length === 0) {
        cached.done()
        return { works, repeated: NONE_REPEATED, durable: Promise.resolve() }
      }
      const result = await tryCommit(effective, place, cached, currentProject, refused)
      if (isCommitted(result)) return { works, ...result }
      const haveItemsChanged = await batch.recover(cached)
      if (haveItemsChanged) onConflict('item')
      // The events are evaluated again, so the next plan can be about other groups.
      refused = haveItemsChanged ? null : result
    }
    throw tooManyConflicts()
  }

  /** Resolves when the commit is on disk, which the next task of the queue does not wait for. */
  const commitIn = async <T extends Committed>(
    queue: string,
    claim: CursorClaim | null,
    task: () => Promise<T>,
  ): Promise<T> => {
    const committed = await queues.enqueue(queue, () => runCommit(claim, task))
    await committed.durable
    return committed
  }

  /** @param compose is called when it is the turn of the batch. */
  const admit = async (
    queue: string,
    claim: CursorClaim | null,
    compose: () => Batch | Promise<Batch>,
  ): Promise<readonly Settlement[]> => {
    const { events, works, repeated } = await commitIn(queue, claim, async () => {
      const batch = await compose()
      const cached = new CachedBatch(batch, cache)
      const committed = await cached.run(() => commitBatch(cached, batch))
      return { ...committed, events: cached.events }
    })
    return events.map((event, i) => settle(event, !repeated.has(works[i]!)))
  }
  const groups = new BatchGroups({ commit: admit, pace })

  /** A run of which a commit failed commits nothing any more, so what its events have asked the cache is forgotten. */
  const admitClaimed = async (batch: ClaimedBatch): Promise<readonly Settlement[]> => {
    try {
      return await groups.admit(batch)
    } catch (error) {
      const [first] = batch.events
      if (first) cache?.release(first.envelope, true)
      throw error
    }
  }

  return {
    admit: (batch) => (hasClaim(batch) ? admitClaimed(batch) : admit(batch.queue, batch.claim, () => batch)),
    areKnown: async (events) => {
      const ids = events.map(idempotencyId)
      const seen = ids.filter((id) => id !== null)
      if (seen.length === 0) return ids.map(() => false)
      const known = (await store.read({ groups: [], limiters: [], seen })).seen
      // A duplicate is acknowledged, so the commit of the first event must be on disk.
      if (known.size > 0) await store.durable()
      return ids.map((id) => id !== null && known.has(id))
    },
    admitMatches: async (findings, claim, cursor) => {
      await commitIn(claim.source, claim, () => {
        const currentProject = project()
        const works = findings.map((finding) => planForMatch(finding, currentProject))
        return commit(works, { claim, cursor }, currentProject)
      })
    },
    admitSystem: async (findings) => {
      await commitIn(SYSTEM_QUEUE, null, () => {
        const currentProject = project()
        const works = findings.map((finding) => planForSystem(finding, currentProject))
        return commit(works, { claim: null, cursor: null }, currentProject)
      })
    },
    betweenCommits: (task) => queues.runAlone(task),
  }
}

function hasClaim(batch: Batch): batch is ClaimedBatch {
  return batch.claim !== null
}

function isCommitted(result: Committed | RefusedPlan): result is Committed {
  return 'durable' in result
}

function tooManyConflicts(): Bug {
  return new Bug(`the store answered "conflict" ${MAX_COMMIT_TRIES} times`)
}

/** After a failed commit, no later one of the same run is made. */
async function runCommit<T>(claim: CursorClaim | null, task: () => Promise<T>): Promise<T> {
  if (claim?.hasFailed) throw new Error(`an earlier commit of ${claim.source} failed`)
  try {
    return await task()
  } catch (error) {
    claim?.fail()
    throw error
  }
}

/** A work is repeated if the store or an earlier work of this batch has seen any of its ids. */
function repeatedWorks(works: readonly Work[], stored: ReadState['seen']): ReadonlySet<Work> {
  const seen = new Set(stored)
  const repeated = new Set<Work>()
  for (const work of works) {
    if (work.seenIds.some((id) => seen.has(id))) repeated.add(work)
    else for (const id of work.seenIds) seen.add(id)
  }
  return repeated
}

function admitWork(work: Work, planner: Planner, project: Project): AdmitResult[] {
  return work.steps.flatMap(({ routed, signal }) => {
    const admitted = routed ? planner.admit(routed) : null
    if (signal) planner.signal({ ...signal, alertId: alertOf(admitted) })
    if (!admitted) return []
    if (admitted.action !== 'muted' || !admitted.now) return [admitted]
    return [admitted, planner.admit(routeSystem(detectionMuted(admitted.draft.detection, work.at), project))]
  })
}

function alertOf(admitted: AdmitResult | null): string | null {
  if (admitted?.action === 'created') return admitted.alert.id
  return admitted?.action === 'merged' ? admitted.alertId : null
}

const QUIET: Settlement = { status: 'accepted', matches: 0 }

function settle({ outcome }: EvaluatedEvent, isNew: boolean): Settlement {
  if (outcome.status !== 'evaluated') return { status: 'rejected', reason: outcome.reason }
  if (!isNew) return { status: 'duplicate' }
  const { length } = outcome.findings
  return length === 0 ? QUIET : { status: 'accepted', matches: length }
}
