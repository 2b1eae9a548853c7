/** The store over one database connection: it reads immediately and writes through one queue. */
import { UserError } from '../../errors.ts'
import type { Clock } from '../../model/ports.ts'
import { commitPlan, readState } from '../commit.ts'
import type { Driver } from '../driver.ts'
import { watchFiles } from '../file-identity.ts'
import { createGroupCommit, type Sync } from '../group-commit.ts'
import { createInstanceLock } from '../instance-lock.ts'
import { findAlert, listAlerts } from '../rows/alerts.ts'
import { insertAudit, listAudit } from '../rows/audits.ts'
import { claimDue } from '../rows/claim.ts'
import { readCursor, takeCursor } from '../rows/cursors.ts'
import {
  countDeliveries,
  listAttempts,
  listBacklog,
  listDeliveries,
  retryDeliveries,
  shiftDeliveryDueDates,
} from '../rows/deliveries.ts'
import { claimWithin, readDestinationState, readDuty } from '../rows/destination-duties.ts'
import { flushDigests } from '../rows/digests.ts'
import {
  claimEscalations,
  countWaitingSteps,
  hasDueEscalation,
  listEscalations,
  shiftEscalations,
} from '../rows/escalations.ts'
import { findAlerts, hasUnindexedTexts, indexTexts } from '../rows/find-alerts.ts'
import { listHandling, listHits, listSilences } from '../rows/handlings.ts'
import { readKv } from '../rows/kv.ts'
import {
  claimPartitions,
  extendPartitions,
  finishPartitions,
  giveBackPartitions,
  heldPartitions,
  listPartitions,
} from '../rows/partitions.ts'
import { reconcileDeliveries } from '../rows/reconcile.ts'
import { recordDeliveryOutcome } from '../rows/record-outcome.ts'
import { listArchives, listRemovable, removeRows, usedBytes } from '../rows/removals.ts'
import { createRetention } from '../rows/retention.ts'
import { listSignals, signalHorizon } from '../rows/signals.ts'
import { versionedRows } from '../rows/versioned.ts'
import type { DestinationState, Store } from '../store.ts'
import { Checkpoints } from './checkpoints.ts'
import { JournalSync } from './journal-sync.ts'
import { SourceReaders } from './source-readers.ts'

interface SqliteStoreOptions {
  readonly clock: Clock
  readonly location: string
  /** null if the store is in memory. */
  readonly path: string | null
  readonly readOnly: boolean
  readonly signalsKeptMs: number
  /** Returns milliseconds of a monotonic clock; the default is that of the process. */
  readonly monotonic?: (() => number) | undefined
  /** A checkpoint begins when the journal has so many pages. */
  readonly checkpointPages?: number | undefined
  /** It is called if the file was removed or replaced. Every later write is rejected. */
  readonly onLost?: ((reason: string) => void) | undefined
}

export function createSqliteStore(driver: Driver, options: SqliteStoreOptions): Store {
  const { clock, location, path, readOnly, onLost = () => {} } = options
  const retained = createRetention(options.signalsKeptMs, options.monotonic ?? (() => performance.now()))
  const files = path === null || readOnly ? null : watchFiles(path, location, onLost)
  const deferred = readOnly || path === null ? null : driver.deferSyncs()
  const journal = deferred && new JournalSync({ location, sync: deferred.sync, onFailure: onLost })
  const check = () => {
    journal?.check()
    files?.check()
  }
  const writes = createGroupCommit(driver, {
    disk: journal,
    check,
    onWritten: () => checkpoints?.considerStart(),
  })
  const checkpoints =
    deferred &&
    new Checkpoints({
      path: path!,
      journalPages: deferred.journalPages,
      holdWrites: (task) => writes.hold(task),
      check,
      onDiskFailure: (cause) => journal!.fail(cause),
      checkpointPages: options.checkpointPages,
    })
  const assertWritable = () => {
    if (readOnly) throw new UserError(`the store ${location} is read-only`, { code: 'read-only-store' })
  }
  const write = async <T>(work: (now: number) => T, syncKind: Sync = 'synced'): Promise<T> => {
    assertWritable()
    return writes.write(() => work(clock.now()), syncKind)
  }
  const apply: Store['apply'] = async (plan, expected) => {
    assertWritable()
    const { value: answer, durable } = await writes.writeAhead(() => {
      const now = clock.now()
      retained.purge(driver, now)
      return commitPlan(driver, plan, expected, now)
    })
    return { answer, durable }
  }
  const destinations = versionedRows<DestinationState>(driver, 'destination_state')
  const stateOf = (key: string) => readDestinationState(driver, key)
  const lock = createInstanceLock(driver, options, write)
  const readers = new SourceReaders()
  let closing: Promise<void> | null = null
  const close = async () => {
    await writes.end()
    await checkpoints?.close()
    try {
      lock.release()
    } finally {
      driver.close()
    }
  }

  return {
    location,
    ownClock: false,
    isShared: false,
    now: () => clock.now(),
    cursor: async (source) => readCursor(driver, source),
    // The owner needs no sync: what could have held an earlier one ended with the power, too.
    take: (source) => write(() => takeCursor(driver, source), 'unsynced'),
    read: async (keys) => readState(driver, keys, clock.now()),
    apply,
    commit: async (plan, expected) => {
      const { answer, durable } = await apply(plan, expected)
      await durable
      return answer
    },
    durable: async () => journal?.pending,

    // As for `take`: what could have held a lease before ended with the power, too.
    claimPartitions: (claim) => write((now) => claimPartitions(driver, claim, now), 'unsynced'),
    extendPartitions: (leases, leaseMs) =>
      write((now) => extendPartitions(driver, leases, leaseMs, now), 'unsynced'),
    giveBackPartitions: (leases) => write(() => giveBackPartitions(driver, leases), 'unsynced'),
    registerReader: async (reader) => {
      const now = clock.now()
      return {
        readers: readers.register(reader, now),
        held: heldPartitions(driver, reader.partitions, now),
      }
    },
    finishPartitions: (leases) => write((now) => finishPartitions(driver, leases, now), 'unsynced'),
    partitions: async () => listPartitions(driver),

    duties: async (requests) => requests.map((request) => readDuty(driver, request, clock.now())),
    // A lease needs no sync: if a power cut loses it, the delivery is claimed again. Tokens would be taken twice.
    claim: ({ within, ...request }) =>
      write(
        (now) => {
          if (within === undefined) return claimDue(driver, request, now)
          const [key] = request.destinationKeys
          return key === undefined ? [] : claimWithin(driver, key, within, request, now)
        },
        within === undefined || within.rateLimit === null ? 'unsynced' : 'synced',
      ),
    // There is one daemon.
    announceWork: async () => {},
    recordOutcome: (id, leaseToken, outcome) =>
      write((now) => recordDeliveryOutcome(driver, id, leaseToken, outcome, now)),
    reconcile: (registry) => write((now) => reconcileDeliveries(driver, registry, now)),
    retry: (selection, by) => write((now) => retryDeliveries(driver, selection, by, now)),
    flushDigests: (destination) => write((now) => flushDigests(driver, destination, now)),
    shiftDueDates: (ms) =>
      write((now) => {
        shiftDeliveryDueDates(driver, ms, now)
        shiftEscalations(driver, ms, now)
      }),

    // As for deliveries: a lease that a power cut loses is taken again.
    claimEscalations: async (request) =>
      hasDueEscalation(driver, clock.now())
        ? write((now) => claimEscalations(driver, request, now), 'unsynced')
        : [],
    escalations: async (alertId) => listEscalations(driver, alertId),
    countWaitingSteps: async () => countWaitingSteps(driver),

    destinationState: async (key) => stateOf(key),
    changeDestinationState: async (key, change, auditOf) => {
      const { value: present } = stateOf(key)
      if (change(present) === present) return { before: present, after: present }
      return write(() => {
        const { value: before, version } = stateOf(key)
        const after = change(before)
        if (after === before) return { before, after }
        destinations.write(key, after, version + 1)
        const audit = auditOf?.({ before, after }) ?? null
        if (audit !== null) insertAudit(driver, audit)
        return { before, after }
      })
    },

    alerts: async (filter) => listAlerts(driver, filter),
    findAlerts: async (query) => findAlerts(driver, query),
    // A step that is lost with the power is done again.
    indexTexts: async (limit) =>
      hasUnindexedTexts(driver) ? write(() => indexTexts(driver, limit), 'unsynced') : 0,
    alert: async (id) => findAlert(driver, id),
    handling: async (alertId) => listHandling(driver, alertId),
    silences: async (filter) => listSilences(driver, filter),
    silenceHits: async () => listHits(driver),
    audit: async (filter) => listAudit(driver, filter),
    deliveries: async (filter) => listDeliveries(driver, filter),
    attempts: async (deliveryId) => listAttempts(driver, deliveryId),
    countDeliveries: async (states) => countDeliveries(driver, clock.now(), states),
    backlog: async () => listBacklog(driver, clock.now()),
    signals: async (filter) => listSignals(driver, filter),
    signalHorizon: async () => signalHorizon(driver),
    kv: async (keys) => readKv(driver, keys, clock.now()),
    removals: {
      list: async (query) => listRemovable(driver, query),
      remove: (removal) => write((now) => removeRows(driver, removal, now)),
      archives: async () => listArchives(driver),
      usedBytes: async () => usedBytes(driver),
    },

    join: (member) => lock.acquire(member),
    members: async () => lock.members(),
    check: async () => check(),
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
