/** A member that reads the partitions of a source: the daemon's own parts over a real store, and a ledger as its pipeline. */
import { ByteBudget } from '../../src/daemon/partitions/byte-budget.ts'
import { PartitionStates } from '../../src/daemon/partitions/partition-states.ts'
import { runPartitionedSource } from '../../src/daemon/partitions/partitions.ts'
import { RunStats } from '../../src/daemon/run-stats.ts'
import type { SystemFinding } from '../../src/model/alerts/finding.ts'
import { type Metrics, nullMetrics, systemClock } from '../../src/model/ports.ts'
import type { Batch } from '../../src/pipeline/pipeline.ts'
import type { TextBudget } from '../../src/sources/_source.ts'
import { parseSourceSpec } from '../../src/sources/_source-spec.ts'
import type { Store } from '../../src/store/store.ts'
import { openPartitionedSource, recordingLog } from './source.ts'
import { expecting, plan, signal } from './store-rows.ts'

/** What is outside of the members and survives them. */
export class Ledger {
  /** The texts of the events whose cursor was committed, by the name of the partition and in order. */
  readonly committed = new Map<string, string[]>()
  readonly rejects: string[] = []
  readonly findings: SystemFinding[] = []

  get texts(): string[] {
    return [...this.committed.values()].flat()
  }
}

export interface Member {
  readonly ended: Promise<void>
  readonly states: PartitionStates
  readonly log: ReturnType<typeof recordingLog>
  hasStarted: boolean
  /** Commits wait until `letGo`. */
  hold(): void
  letGo(): void
  /** The number of commits that wait. */
  held(): number
  /** The number of messages that are no events. */
  passed(): number
  /** From now on nothing that it does reaches the store, as after `kill -9`. */
  kill(): void
  stop(): Promise<void>
}

export interface MemberOptions {
  readonly from: string
  readonly store: Store
  readonly ledger: Ledger
  readonly name?: string
  readonly eventBytes?: number
  readonly leaseMs?: number
  readonly inFlight?: TextBudget
  readonly metrics?: Metrics
  /** Each event leaves a signal in the store, so that those of several processes can be counted. */
  readonly leavesSignals?: boolean
  readonly secrets?: Readonly<Record<string, string>>
  /** Commits, and then is killed before its source gets the answer. */
  readonly diesAfterCommit?: boolean
}

export async function startMember(options: MemberOptions): Promise<Member> {
  const { from, store, ledger, name = 'member', eventBytes = 1_000, secrets = {} } = options
  const { leaseMs = 10_000, inFlight = new ByteBudget(64 * 1024 * 1024) } = options
  const spec = parseSourceSpec(from)
  const source = await openPartitionedSource(from)
  const abort = new AbortController()
  const states = new PartitionStates(options.metrics ?? nullMetrics)
  const log = recordingLog()
  let isDead = false
  let holding: { promise: Promise<void>; resolve: () => void } | null = null
  let held = 0
  let passed = 0
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return new Promise<T>(() => {})
    return work()
  }
  /** The commits of a partition are made one after the other, as those of a queue of the pipeline. */
  const queues = new Map<string, Promise<unknown>>()
  const admit = (batch: Batch) => {
    const admitted = (queues.get(batch.queue) ?? Promise.resolve()).then(() => commit(batch))
    queues.set(
      batch.queue,
      admitted.catch(() => {}),
    )
    return admitted
  }
  const commit = async ({ events, claim, cursor }: Batch) => {
    if (holding) {
      held++
      await holding.promise
      held--
    }
    return alive(async () => {
      const { source: partition } = claim!
      const cursors = cursor === null ? [] : [{ source: partition, cursor }]
      const texts = events.flatMap(({ envelope, outcome }) =>
        outcome.status === 'evaluated' ? [envelope.raw] : [],
      )
      const signals = options.leavesSignals === true ? texts.map((text) => signal(text)) : []
      const answer = await store.commit(
        plan({ cursors, signals }),
        expecting({}, {}, [{ ...claim!.expected, source: partition, cursor: null }]),
      )
      claim!.record(answer, cursors.length > 0)
      if (answer !== 'ok') throw new Error(`another run has taken ${partition}`)
      ledger.committed.set(partition, [...(ledger.committed.get(partition) ?? []), ...texts])
      if (options.diesAfterCommit && texts.length > 0) {
        isDead = true
        return alive(() => Promise.reject(new Error('dead')))
      }
      return events.map(() => ({ status: 'accepted' as const, matches: 0 }))
    })
  }
  const member = { hasStarted: false }
  let seq = 0
  const ended = runPartitionedSource(
    { spec, keySpace: spec.scheme, source },
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
        registerReader: (reader) => alive(() => store.registerReader(reader)),
      },
      nextSeq: () => seq++,
      writeRejects: async (rejected) => {
        for (const { envelope, outcome } of rejected) {
          const reason = outcome.status === 'evaluated' ? '' : outcome.reason
          ledger.rejects.push(`${envelope.source} ${envelope.position}: ${reason}`)
        }
      },
      stats: new RunStats({
        ...nullMetrics,
        count: (metric, _labels, by = 1) => {
          if (metric === 'signalbox_messages_passed_total') passed += by
        },
      }),
      onEvent: () => {},
      readiness: {
        sourceStarted: () => {
          member.hasStarted = true
        },
        intakeFailed: () => {},
        intakeSucceeded: () => {},
      },
      admitSystem: async (findings) => void ledger.findings.push(...findings),
      reveal: async (given) => ({
        options: Object.fromEntries(
          Object.entries(given).map(([key, value]) => [key, secrets[String(value)] ?? value]),
        ),
        redact: (text) =>
          Object.values(secrets).reduce((left, secret) => left.replaceAll(secret, '<secret>'), text),
      }),
      limits: { eventBytes, bodyBytes: 100_000 },
      log,
      signal: abort.signal,
      states,
      member: name,
      leaseMs,
      inFlight,
      clock: systemClock,
      monotonic: () => performance.now(),
    },
  )
  ended.catch(() => {})
  return Object.assign(member, {
    ended,
    states,
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
    passed: () => passed,
    kill: () => {
      isDead = true
      void source.close()
    },
    stop: async () => {
      abort.abort()
      await ended
    },
  })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
