/** Commits a plan by one call of a function, which locks, compares and writes. */
import { randomUUID } from 'node:crypto'
import { Bug } from '../../errors.ts'
import { statusText } from '../../model/alerts/alert-status.ts'
import {
  type CommitAnswer,
  type CommitPlan,
  type ExpectedVersions,
  type Group,
  type NewInhibitor,
  NO_KEYS,
  type ReadKeys,
  type ReadState,
} from '../store.ts'
import { boundedKey } from './bounded-key.ts'
import type { Database } from './database.ts'
import { Json } from './pool.ts'
import { isConflict } from './postgres-failure.ts'

/** Plans of one key are committed in the order in which they came, each after the end of the one before. */
export class CommitLanes {
  readonly #ends = new Map<string, Promise<unknown>>()

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#ends.get(key) ?? Promise.resolve()
    const result = before.then(work, work)
    const end = result.catch(() => {})
    this.#ends.set(key, end)
    void end.then(() => {
      if (this.#ends.get(key) === end) this.#ends.delete(key)
    })
    return result
  }

  /** Resolves when nothing is under way. */
  async drain(): Promise<void> {
    await Promise.all(this.#ends.values())
  }
}

/** @param holder the id of the member; null: the writer is a command. Nothing is compared with it any more. */
export async function commitPlan(
  database: Database,
  plan: CommitPlan,
  expected: ExpectedVersions,
  { holder, now }: { readonly holder: string | null; readonly now: number | null },
): Promise<CommitAnswer> {
  const payload = new Json(payloadOf(plan, expected, now))
  // The same token in each try: if only the answer of the first one was lost, the next one finds that it was written.
  const token = randomUUID()
  try {
    const [row] = await database.run(
      (connection) =>
        connection.query<{ answer: CommitAnswer | 'already' }>(
          'SELECT commit_plan($1, $2, $3, $4) AS answer',
          [payload, token, holder, now],
        ),
      { retryConflicts: false },
    )
    return row!.answer === 'already' ? 'ok' : row!.answer
  } catch (error) {
    if (isConflict(error)) return 'conflict'
    throw error
  }
}

/** The queue of a plan: what has the same cursor or the same first event. */
export function laneOf({ seen }: CommitPlan, { cursors }: ExpectedVersions): string {
  const [source] = cursors.keys()
  return source ?? seen[0]?.id ?? ''
}

function payloadOf(plan: CommitPlan, expected: ExpectedVersions, now: number | null): object {
  const { groups, limiters, cursors, items, inhibitors, rules } = expected
  for (const { source } of plan.cursors) {
    if (!cursors.has(source)) throw new Bug(`the plan moves the cursor of ${source} without having taken it`)
  }
  return {
    ...plan,
    seen: plan.seen.map(({ id, until }) => ({ id: boundedKey(id), until })),
    kv: plan.kv.map((write) => ({ ...write, key: boundedKey(write.key), expected: items.get(write.key) })),
    expectedItems: [...items].map(([key, version]) => ({ key: boundedKey(key), version })),
    expectedRules: rules,
    expectedInhibitors: [...inhibitors].map(([key, alertId]) => ({ key, alertId })),
    givenNow: now,
    held: [...cursors].map(([source, { owner, version }]) => ({ source, owner, version })),
    expectedGroups: [...groups].map(([key, version]) => ({ key, version })),
    expectedLimiters: [...limiters].map(([key, version]) => ({ key, version })),
    groups: plan.groups.map((group) => ({ ...groupRow(group), version: nextVersion(groups, group.key) })),
    limiters: plan.limiters.map((limiter) => ({
      ...limiter,
      version: nextVersion(limiters, limiter.detection),
    })),
    alerts: plan.alerts.map((alert) => ({
      ...alert,
      route: JSON.stringify(alert.route),
      divergences: alert.divergences.map((divergence) => JSON.stringify(divergence)),
      statusText: statusText(alert.status),
    })),
    handlings: plan.handlings.map((handling) => ({ ...handling, steps: JSON.stringify(handling.steps) })),
    silences: plan.silences.map(({ silence, ...row }) => ({
      ...row,
      id: silence.id,
      endsAt: silence.until,
      body: JSON.stringify(silence),
    })),
    divergences: plan.divergences.map(({ alertId, divergence }) => ({
      alertId,
      body: JSON.stringify(divergence),
      escalates: divergence.severity !== undefined,
    })),
  }
}

function groupRow(group: Group): object {
  const { key, startedAt, alertId, count } = group
  return { key, startedAt, alertId, count, body: JSON.stringify(group) }
}

function nextVersion(expected: ReadonlyMap<string, number>, key: string): number {
  const version = expected.get(key)
  if (version === undefined) throw new Bug(`the plan writes ${key} without having read it`)
  return version + 1
}

interface StoredState {
  readonly groups: readonly { key: string; version: number; count: number; body: string }[]
  readonly alertEvents: readonly { id: string; events: number }[]
  readonly limiters: readonly (ReadState['limiters'] extends ReadonlyMap<string, infer T> ? T : never)[]
  readonly inhibitors: readonly NewInhibitor[]
  readonly rulesVersion: number
  readonly seen: readonly string[]
}

export async function readState(
  database: Database,
  given: Partial<ReadKeys>,
  now: number | null,
): Promise<ReadState> {
  const keys = { ...NO_KEYS, ...given }
  const [row] = await database.query<{ state: StoredState }>('SELECT read_state($1, $2) AS state', [
    new Json({ ...keys, seen: keys.seen.map(boundedKey) }),
    now,
  ])
  const { groups, alertEvents, limiters, inhibitors, rulesVersion } = row!.state
  const seen = new Set(row!.state.seen)
  return {
    groups: new Map(
      // Matches of muted detections are added to the column.
      groups.map(({ key, version, count, body }) => [
        key,
        { value: { ...(JSON.parse(body) as Group), count }, version },
      ]),
    ),
    alertEvents: new Map(alertEvents.map(({ id, events }) => [id, events])),
    inhibitors: new Map(inhibitors.map(({ key, ...inhibitor }) => [key, inhibitor])),
    rulesVersion,
    limiters: new Map(limiters.map((limiter) => [limiter.value.detection, limiter])),
    seen: new Set(keys.seen.filter((id) => seen.has(boundedKey(id)))),
  }
}
