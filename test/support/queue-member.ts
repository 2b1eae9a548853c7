/** A member that reads a queue: the daemon's own parts over a real store, and a ledger as its pipeline. */
import { PartitionStates } from '../../src/daemon/partitions/partition-states.ts'
import { RunStats } from '../../src/daemon/run-stats.ts'
import { runSource } from '../../src/daemon/source-runs.ts'
import { type Clock, nullMetrics, systemClock } from '../../src/model/ports.ts'
import type { Batch } from '../../src/pipeline/pipeline.ts'
import { parseSourceSpec } from '../../src/sources/_source-spec.ts'
import type { Store } from '../../src/store/store.ts'
import type { Ledger } from './partition-member.ts'
import { openSource, recordingLog, Sink, sourceContext } from './source.ts'
import { expecting, plan } from './store-rows.ts'

const BODIES = 'bodies'

export interface QueueMember {
  readonly ended: Promise<void>
  readonly isDead: () => boolean
  readonly log: ReturnType<typeof recordingLog>
  /** Commits wait until `letGo`. */
  hold(): void
  letGo(): void
  /** The number of commits that wait. */
  held(): number
  /** From now on nothing that it does reaches the store, as after `kill -9`. */
  kill(): void
  stop(): Promise<void>
}

export interface QueueMemberOptions {
  readonly from: string
  readonly store: Store
  /** Texts of bodies are under `bodies`, those of objects under the name of the object. */
  readonly ledger: Ledger
  readonly name?: string
  readonly clock?: Clock
  readonly eventBytes?: number
  /** It is killed after the last commit of an object. */
  readonly diesBeforeFinish?: boolean
}

export async function startQueueMember(options: QueueMemberOptions): Promise<QueueMember> {
  const { from, store, ledger, name = 'member', clock = systemClock, eventBytes = 1_000 } = options
  const abort = new AbortController()
  const log = recordingLog()
  let isDead = false
  let holding: { promise: Promise<void>; resolve: () => void } | null = null
  let held = 0
  const alive = <T>(work: () => Promise<T>): Promise<T> => (isDead ? new Promise<T>(() => {}) : work())
  const commit = async ({ events, claim, cursor }: Batch) => {
    if (holding) {
      held++
      await holding.promise
      held--
    }
    return alive(async () => {
      const texts = events.flatMap(({ envelope, outcome }) =>
        outcome.status === 'evaluated' ? [envelope.raw] : [],
      )
      if (claim !== null) {
        const cursors = cursor === null ? [] : [{ source: claim.source, cursor }]
        const claimed = { ...claim.expected, source: claim.source, cursor: null }
        const answer = await store.commit(plan({ cursors }), expecting({}, {}, [claimed]))
        claim.record(answer, cursors.length > 0)
        if (answer !== 'ok') throw new Error(`another run has taken ${claim.source}`)
      }
      const place = claim?.source ?? BODIES
      ledger.committed.set(place, [...(ledger.committed.get(place) ?? []), ...texts])
      return events.map(() => ({ status: 'accepted' as const, matches: 0 }))
    })
  }
  /** The commits of a queue are made one after the other. */
  const queues = new Map<string, Promise<unknown>>()
  const admit = (batch: Batch) => {
    const admitted = (queues.get(batch.queue) ?? Promise.resolve()).then(() => commit(batch))
    queues.set(
      batch.queue,
      admitted.catch(() => {}),
    )
    return admitted
  }
  const { ingress, stdin } = sourceContext(new Sink())
  let seq = 0
  const ended = runSource(
    { spec: parseSourceSpec(from), keySpace: 'sqs', source: await openSource(from) },
    {
      evaluate: async (events) =>
        events.map((envelope) => ({
          envelope,
          outcome: isJson(envelope.raw)
            ? { status: 'evaluated', at: envelope.receivedAt, ownRowId: null, findings: [] }
            : { status: 'rejected', reason: 'not JSON' },
        })),
      pipeline: { admit, areKnown: async (events) => events.map(() => false) },
      store: {
        claimPartitions: (claim) => alive(() => store.claimPartitions(claim)),
        extendPartitions: (leases, ms) => alive(() => store.extendPartitions(leases, ms)),
        giveBackPartitions: (leases) => alive(() => store.giveBackPartitions(leases)),
        finishPartitions: (leases) => {
          if (options.diesBeforeFinish) isDead = true
          return alive(() => store.finishPartitions(leases))
        },
      },
      cursors: (source) => ({ take: () => store.take(source), release: async () => {} }),
      hostId: 'host',
      nextSeq: () => seq++,
      writeRejects: async (rejected) => {
        for (const { envelope, outcome } of rejected) {
          const reason = outcome.status === 'evaluated' ? '' : outcome.reason
          ledger.rejects.push(`${envelope.position}: ${reason}`)
        }
      },
      stats: new RunStats(nullMetrics),
      onEvent: () => {},
      readiness: {
        sourceStarted: () => {},
        sourceFailed: () => {},
        intakeFailed: () => {},
        intakeSucceeded: () => {},
      },
      admitSystem: async (findings) => void ledger.findings.push(...findings),
      limits: { eventBytes, bodyBytes: 100_000 },
      ingress,
      stdin,
      log,
      signal: abort.signal,
      states: new PartitionStates(nullMetrics),
      member: name,
      leaseMs: 10_000,
      clock,
      monotonic: () => performance.now(),
    },
  )
  ended.catch(() => {})
  return {
    ended,
    isDead: () => isDead,
    log,
    hold: () => {
      let resolve = () => {}
      const promise = new Promise<void>((done) => {
        resolve = done
      })
      holding = { promise, resolve }
    },
    letGo: () => {
      holding?.resolve()
      holding = null
    },
    held: () => held,
    kill: () => {
      isDead = true
      abort.abort()
    },
    stop: async () => {
      abort.abort()
      await ended
    },
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
