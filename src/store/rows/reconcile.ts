/** Reconciles deliveries with a registry: those of renamed destinations follow, those of removed ones are orphaned. */
import type { Driver } from '../driver.ts'
import type { Store } from '../store.ts'
import { REVIVED_STATE } from './deliveries.ts'
import { orderUpdates } from './update-order.ts'
import { writeSubscriptions } from './updates.ts'

type Reconciliation = Parameters<Store['reconcile']>[0]

/** The limit bounds how long a statement and its locks last. */
export const MAX_ROWS_PER_RECONCILIATION = 1_000

/** Does the same as a retry. It must run before ADOPT, which moves the rest. */
const ADOPT_ORPHANS = `
  UPDATE delivery SET destination_key = :to, destination = :name, state = ${REVIVED_STATE}, due = :now, attempts = 0,
    created_at = :now, paused_ms = 0
  WHERE seq IN (SELECT seq FROM delivery WHERE destination_key = :from AND state = 'orphaned' LIMIT :most)
  RETURNING coalesce(update_of, id) AS first`

const ADOPT = `
  UPDATE delivery SET destination_key = :to, destination = :name
  WHERE seq IN (SELECT seq FROM delivery WHERE destination_key = :from AND state <> 'delivered' LIMIT :most)`

/** A delivery under a valid lease is left to its sender, and a later reconciliation decides about it. */
const ORPHAN = `
  UPDATE delivery SET state = 'orphaned', lease_token = NULL, lease_until = NULL,
    message = 'its destination left the registry'
  WHERE seq IN (
    SELECT seq FROM delivery
    WHERE state IN ('pending', 'waiting', 'queued', 'sending') AND (state <> 'sending' OR lease_until <= :now)
      AND destination_key NOT IN (SELECT value FROM json_each(:kept))
    LIMIT :most)`

export function reconcileDeliveries(
  driver: Driver,
  registry: Reconciliation,
  now: number,
): Awaited<ReturnType<Store['reconcile']>> {
  let left = MAX_ROWS_PER_RECONCILIATION
  // A name that is used again belongs to its present destination.
  const renames = registry.renames.filter(({ from }) => !registry.knownKeys.includes(from))
  for (const rename of renames) left -= adopt(driver, rename, left, now)
  const adopted = MAX_ROWS_PER_RECONCILIATION - left
  writeSubscriptions(driver, registry.subscriptions ?? [])
  const kept = JSON.stringify([...registry.knownKeys, ...renames.map(({ from }) => from)])
  const orphaned = driver.prepare(ORPHAN).run({ kept, now, most: left })
  // The only member has the newest project.
  return { orphaned, adopted, isNewest: true, hasMore: orphaned === left }
}

/** Moves at most so many deliveries. Returns how many. */
function adopt(
  driver: Driver,
  { from, to, name }: Reconciliation['renames'][number],
  most: number,
  now: number,
): number {
  const revived = driver.prepare<{ first: string }>(ADOPT_ORPHANS).all({ from, to, name, now, most })
  for (const first of new Set(revived.map((row) => row.first))) orderUpdates(driver, first, now)
  return revived.length + driver.prepare(ADOPT).run({ from, to, name, most: most - revived.length })
}
