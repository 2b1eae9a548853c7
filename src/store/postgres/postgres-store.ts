/** The store in a schema of PostgreSQL. */
import { UserError } from '../../errors.ts'
import type { Store } from '../store.ts'
import { boundedKey } from './bounded-key.ts'
import { claimDue, claimEscalations } from './claim.ts'
import { CommitLanes, commitPlan, laneOf, readState } from './commit-call.ts'
import {
  claimPartitions,
  extendPartitions,
  finishPartitions,
  giveBackPartitions,
  listPartitions,
  readCursor,
  registerReader,
  takeCursor,
} from './cursors.ts'
import { Database } from './database.ts'
import { DestinationStates, readDestinationState, readDuties } from './destination-rows.ts'
import {
  countDeliveries,
  countWaitingSteps,
  findAlert,
  listAlerts,
  listAttempts,
  listAudit,
  listBacklog,
  listDeliveries,
  listEscalations,
  listHandling,
  listHits,
  listSilences,
} from './listing.ts'
import { findAlerts } from './lists/find-alerts.ts'
import { Membership, WORK_CHANNEL } from './membership.ts'
import { prepareSchema } from './migrate-schema.ts'
import { openPool } from './pool.ts'
import { ServerClock } from './server-clock.ts'
import { OutcomeWriter } from './settle.ts'
import { listSignals, signalHorizon } from './signal-rows.ts'
import type { PostgresSettings } from './store-url.ts'
import { DeltaFolding } from './upkeep/delta-folding.ts'
import { listArchives, listRemovable, removeRows } from './upkeep/removals.ts'
import { Retention } from './upkeep/retention.ts'

interface PostgresStoreOptions {
  /** If it is false, a schema that does not exist is an error. */
  readonly create: boolean
  readonly readOnly: boolean
  readonly signalsKeptMs: number
  /** Returns milliseconds of a monotonic clock. */
  readonly monotonic: () => number
  /** Returns the time in tests; null: that of the database. */
  readonly now: () => number | null
  /** It is called if another version has migrated the schema. Every later write is rejected. */
  readonly onLost: (reason: string) => void
  /** It is called with a reason when the database cannot be reached, and with null when it can be again. */
  readonly onAvailability: (reason: string | null) => void
  /** After it aborts, a database that cannot be reached is waited for no longer. */
  readonly ending: AbortSignal
  /** It is called when another process has changed deliveries. */
  readonly onWork: () => void
}

/** The limit bounds how long a statement and its locks last. */
const MAX_RETRIES_PER_CALL = 1_000
const RETRYABLE = ['dead', 'orphaned', 'waiting'] as const

export async function openPostgresStore(
  settings: PostgresSettings,
  options: PostgresStoreOptions,
): Promise<Store> {
  const database = new Database(openPool(settings, options), settings, options)
  try {
    await prepareSchema(database, options)
    const clock = new ServerClock(database, options.monotonic)
    await clock.measure()
    return storeOver(database, clock, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

function storeOver(database: Database, clock: ServerClock, options: PostgresStoreOptions): Store {
  const { location, schema } = database.settings
  const { readOnly, now } = options
  const currentTime = () => now() ?? clock.now()
  const membership = new Membership(database, {
    givenNow: now,
    now: currentTime,
    onWork: options.onWork,
  })
  const lanes = new CommitLanes()
  const caller = () => ({ holder: membership.id, now: now() })
  const outcomes = new OutcomeWriter(database, caller)
  const destinations = new DestinationStates(database)
  const retention = new Retention(database, options.signalsKeptMs, options.monotonic)
  const folding = new DeltaFolding(database)
  const assertWritable = () => {
    if (readOnly) throw new UserError(`the store ${location} is read-only`, { code: 'read-only-store' })
  }
  const commit: Store['commit'] = async (plan, expected) => {
    assertWritable()
    retention.considerPass(now())
    const answer = await lanes.run(laneOf(plan, expected), () =>
      commitPlan(database, plan, expected, caller()),
    )
    if (plan.merges.length + plan.mutedMatches.length > 0) folding.consider()
    return answer
  }
  let closing: Promise<void> | null = null
  const close = async () => {
    // What is under way while the database is away ends with the connections.
    const drained = Promise.all([
      lanes.drain(),
      outcomes.drain(),
      retention.drain(),
      folding.close(),
      clock.drain(),
    ])
    if (database.isAvailable) await drained
    await membership.leave()
    await database.close()
  }

  return {
    location,
    ownClock: now() === null,
    isShared: true,
    now: currentTime,
    cursor: (source) => readCursor(database, source),
    take: async (source) => {
      assertWritable()
      return takeCursor(database, source)
    },
    read: (keys) => readState(database, keys, now()),
    commit,
    apply: async (plan, expected) => ({
      answer: await commit(plan, expected),
      durable: Promise.resolve(),
    }),
    durable: async () => {},

    claimPartitions: async (claim) => {
      assertWritable()
      return claimPartitions(database, claim, caller())
    },
    extendPartitions: async (leases, leaseMs) => {
      assertWritable()
      return extendPartitions(database, leases, leaseMs, caller())
    },
    giveBackPartitions: async (leases) => {
      assertWritable()
      return giveBackPartitions(database, leases)
    },
    registerReader: async (reader) => {
      assertWritable()
      return registerReader(database, reader, now())
    },
    finishPartitions: async (leases) => {
      assertWritable()
      return finishPartitions(database, leases, caller())
    },
    partitions: () => listPartitions(database),

    duties: (requests) => readDuties(database, requests, now()),
    claim: async (request) => {
      assertWritable()
      return claimDue(database, request, caller())
    },
    announceWork: async () => {
      assertWritable()
      await database.query(`NOTIFY ${WORK_CHANNEL(schema)}`)
    },
    recordOutcome: async (id, leaseToken, outcome) => {
      assertWritable()
      return outcomes.record(id, leaseToken, outcome)
    },
    reconcile: async (registry) => {
      assertWritable()
      return membership.reconcile(registry)
    },
    retry: async (selection, by) => {
      assertWritable()
      const states = RETRYABLE.filter((state) => selection.states?.includes(state) ?? true)
      const ids =
        'ids' in selection
          ? selection.ids
          : (await listDeliveries(database, { ...selection, states })).map(({ id }) => id)
      let changed = 0
      for (let from = 0; from < ids.length; from += MAX_RETRIES_PER_CALL) {
        const [row] = await database.query<{ changed: number }>(
          'SELECT retry_deliveries_once($1::text[], $2::text[], $3, $4, $5, $6) AS changed',
          [
            ids.slice(from, from + MAX_RETRIES_PER_CALL),
            states,
            by?.actor ?? null,
            by?.via ?? null,
            now(),
            from === 0 ? (by?.requestId ?? null) : null,
          ],
        )
        changed += row!.changed
      }
      // The daemon looks for due deliveries at once. The transactions above have ended: see decision 43.
      if (membership.id === null && changed > 0) await database.query(`NOTIFY ${WORK_CHANNEL(schema)}`)
      return changed
    },
    flushDigests: async (destination) => {
      assertWritable()
      const sql = 'SELECT flush_digests($1, $2) AS flushed'
      const [row] = await database.query<{ flushed: number }>(sql, [destination, now()])
      if (membership.id === null && row!.flushed > 0) await database.query(`NOTIFY ${WORK_CHANNEL(schema)}`)
      return row!.flushed
    },
    shiftDueDates: async (ms) => {
      assertWritable()
      // The clock of a host that was set has moved no date.
      if (now() === null) return
      await database.query('SELECT shift_due_dates($1, $2)', [ms, now()])
    },

    claimEscalations: async (request) => {
      assertWritable()
      return claimEscalations(database, request, now())
    },
    escalations: (alertId) => listEscalations(database, alertId),
    countWaitingSteps: () => countWaitingSteps(database),

    destinationState: (key) => readDestinationState(database, key),
    changeDestinationState: async (key, change, auditOf) => {
      assertWritable()
      return destinations.change(key, change, auditOf)
    },

    alerts: (filter) => listAlerts(database, filter),
    findAlerts: (query) => findAlerts(database, query),
    // The server indexes the texts in the commit.
    indexTexts: async () => 0,
    alert: (id) => findAlert(database, id),
    handling: (alertId) => listHandling(database, alertId),
    silences: (filter) => listSilences(database, filter),
    silenceHits: () => listHits(database),
    audit: (filter) => listAudit(database, filter),
    deliveries: (filter) => listDeliveries(database, filter),
    attempts: (deliveryId) => listAttempts(database, deliveryId),
    countDeliveries: (states) => countDeliveries(database, now(), states),
    backlog: () => listBacklog(database, now()),
    signals: (filter) => listSignals(database, filter),
    signalHorizon: () => signalHorizon(database),
    kv: async (keys) => {
      const rows = await database.query<{ position: number; value: string; version: string }>(
        `SELECT position, value, version FROM unnest($1::text[]) WITH ORDINALITY AS k(key, position) JOIN kv USING (key)
         WHERE expires_at IS NULL OR expires_at > store_now($2) ORDER BY position`,
        [keys.map(boundedKey), now()],
      )
      return new Map(rows.map(({ position, value, version }) => [keys[position - 1]!, { value, version }]))
    },
    removals: {
      list: (query) => listRemovable(database, query),
      remove: async (removal) => {
        assertWritable()
        return removeRows(database, removal, now())
      },
      archives: () => listArchives(database),
      usedBytes: async () => null,
    },

    // The cursors of files stay those of their host: another host can have other files at the same paths.
    join: async (member) => {
      await membership.join(member)
      database.waitWhileAway()
      folding.consider()
    },
    members: () => membership.members(),
    check: async () => {
      database.check()
      clock.considerMeasure()
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
