/** Reconciles deliveries with a registry: those of renamed destinations follow, those of removed ones are orphaned. */
import type { Driver } from '../driver.ts'
import type { Store } from '../store.ts'
import { REVIVED_STATE } from './deliveries.ts'
import { orderAllUpdates } from './update-order.ts'
import { writeSubscriptions } from './updates.ts'

type Reconciliation = Parameters<Store['reconcile']>[0]

/** Does the same as a retry. It must run before ADOPT, which moves the rest. */
const ADOPT_ORPHAN = `
  UPDATE delivery SET destination_key = :to, destination = :name, state = ${REVIVED_STATE}, due = :now, attempts = 0,
    created_at = :now, paused_ms = 0
  WHERE destination_key = :from AND state = 'orphaned'`

const ADOPT = `
  UPDATE delivery SET destination_key = :to, destination = :name
  WHERE destination_key = :from AND state <> 'delivered'`

/** A delivery under a valid lease is left to its sender, and the next reconciliation decides about it. */
const ORPHAN = `
  UPDATE delivery SET state = 'orphaned', lease_token = NULL, lease_until = NULL,
    message = 'its destination left the registry'
  WHERE destination_key NOT IN (SELECT value FROM json_each(:known))
    AND (state IN ('pending', 'waiting', 'queued') OR (state = 'sending' AND lease_until <= :now))`

export function reconcileDeliveries(
  driver: Driver,
  registry: Reconciliation,
  now: number,
): Awaited<ReturnType<Store['reconcile']>> {
  let adopted = 0
  for (const { from, to, name } of registry.renames) {
    // A name that is used again belongs to its present destination.
    if (registry.knownKeys.includes(from)) continue
    adopted += driver.prepare(ADOPT_ORPHAN).run({ from, to, name, now })
    adopted += driver.prepare(ADOPT).run({ from, to, name })
  }
  writeSubscriptions(driver, registry.subscriptions ?? [])
  const orphaned = driver.prepare(ORPHAN).run({ known: JSON.stringify(registry.knownKeys), now })
  if (adopted > 0) orderAllUpdates(driver, now)
  // The only member has the newest project.
  return { orphaned, adopted, isNewest: true }
}
