/** One pass of retention: looks at all that may have expired, in small steps, and removes it. */
import { closeGroup } from '../alerts/dedup.ts'
import type { RetentionSettings } from '../model/project/settings.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, REMOVAL_KINDS, type RemovalKind, type Store } from '../store/store.ts'

/** A step delays a commit by a few milliseconds. */
const MAX_ROWS_PER_STEP = 50
const MAX_ROWS_PER_COUNT = 1_000
const DAY_MS = 86_400_000
/** What happened within a day stays, however large the store is. */
const MIN_AGE_MS = DAY_MS

export type RemovedCounts = Readonly<Record<RemovalKind, number>>

export interface RetentionResult {
  readonly removed: RemovedCounts
  /** Alerts whose dedup window was ended now. The next pass removes them. */
  readonly closed: number
}

/** Removes rows, and keeps them elsewhere before. */
export interface Remover {
  /** False if one of the rows must stay by now. */
  remove(kind: RemovalKind, ids: readonly string[], before: number): Promise<boolean>
}

export interface RetentionPorts {
  readonly store: Store
  readonly remover: Remover
  readonly now: () => number
  /** Waits between two steps, so that commits come first. False: the pass must end. */
  readonly pause: () => Promise<boolean>
}

export async function runRetention(
  settings: RetentionSettings,
  ports: RetentionPorts,
): Promise<RetentionResult> {
  const pass = new RetentionPass(ports)
  const now = ports.now()
  for (const kind of REMOVAL_KINDS) {
    const keptMs = keptMsOf(settings, kind)
    if (keptMs !== null) await pass.removeAll(kind, now - keptMs)
  }
  if (settings.maxBytes !== null && settings.maxBytes > 0) await pass.shrink(settings.maxBytes, now)
  return pass.result()
}

/** Counts what a pass would remove by age, and removes nothing. */
export async function countRemovable(
  settings: RetentionSettings,
  { removals }: Pick<Store, 'removals'>,
  now: number,
): Promise<RemovedCounts> {
  const counts = { alerts: 0, deliveries: 0, audit: 0 }
  for (const kind of REMOVAL_KINDS) {
    const keptMs = keptMsOf(settings, kind)
    if (keptMs === null) continue
    // An alert that has several deliveries is found with each of them.
    const found = new Set<string>()
    for (let after: string | undefined; ; ) {
      const { ids, next } = await removals.list({
        kind,
        before: now - keptMs,
        limit: MAX_ROWS_PER_COUNT,
        ...(after !== undefined && { after }),
      })
      for (const id of ids) found.add(id)
      if (next === null) break
      after = next
    }
    counts[kind] = found.size
  }
  return counts
}

function keptMsOf(settings: RetentionSettings, kind: RemovalKind): number | null {
  return { alerts: settings.alertsMs, deliveries: settings.deliveriesMs, audit: settings.auditMs }[kind]
}

class RetentionPass {
  readonly #ports: RetentionPorts
  readonly #removed = { alerts: 0, deliveries: 0, audit: 0 }
  #closed = 0
  #isEnded = false

  constructor(ports: RetentionPorts) {
    this.#ports = ports
  }

  result(): RetentionResult {
    return { removed: { ...this.#removed }, closed: this.#closed }
  }

  async removeAll(kind: RemovalKind, before: number, isEnough = async () => false): Promise<void> {
    const { store, pause } = this.#ports
    let after: string | undefined
    while (!this.#isEnded && !(await isEnough())) {
      const { ids, next } = await store.removals.list({
        kind,
        before,
        limit: MAX_ROWS_PER_STEP,
        ...(after !== undefined && { after }),
      })
      const ready = kind === 'alerts' ? await this.#withoutWindow(ids) : ids
      if (ready.length > 0) await this.#remove(kind, ready, before)
      if (next === null) return
      after = next
      this.#isEnded = !(await pause())
    }
  }

  /** Removes the oldest alerts until the store is small enough. */
  async shrink(maxBytes: number, now: number): Promise<void> {
    const { removals } = this.#ports.store
    const isEnough = async () => ((await removals.usedBytes()) ?? 0) <= maxBytes
    await this.removeAll('alerts', now - MIN_AGE_MS, isEnough)
  }

  /** If one of the rows has changed meanwhile, the others are removed one by one. */
  async #remove(kind: RemovalKind, ids: readonly string[], before: number): Promise<void> {
    if (await this.#ports.remover.remove(kind, ids, before)) {
      this.#removed[kind] += ids.length
      return
    }
    if (ids.length > 1) for (const id of ids) await this.#remove(kind, [id], before)
  }

  /**
   * The next match must not count in an alert that is removed, so the windows of old alerts are ended first. What was
   * decided before has been committed when the next pass comes, and keeps its alert.
   */
  async #withoutWindow(ids: readonly string[]): Promise<string[]> {
    const { store } = this.#ports
    const ready: string[] = []
    for (const id of ids) {
      const alert = await store.alert(id)
      if (alert === null) continue
      const { groupKey } = alert
      const group = (await store.read({ groups: [groupKey] })).groups.get(groupKey)
      if (group === undefined || group.value.alertId !== id) {
        ready.push(id)
        continue
      }
      const expected = { ...NOTHING_EXPECTED, groups: new Map([[groupKey, group.version]]) }
      await store.commit({ ...EMPTY_PLAN, groups: [closeGroup(group.value)] }, expected)
      this.#closed++
    }
    return ready
  }
}
