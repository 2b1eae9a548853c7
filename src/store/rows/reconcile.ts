/** Brings deliveries in line with a registry: renamed destinations keep theirs, gone ones leave orphans. */
import type { Driver } from '../driver.ts'

interface Reconciliation {
  readonly knownKeys: readonly string[]
  readonly renames: readonly { from: string; to: string; name: string }[]
}

/** As a retry would bring it back; order matters, ADOPT then moves what is left. */
const ADOPT_ORPHAN = `
  UPDATE delivery SET destination_key = :to, destination = :name, state = 'pending', due = :now, attempts = 0,
    created_at = :now, paused_ms = 0
  WHERE destination_key = :from AND state = 'orphaned'`

const ADOPT = `
  UPDATE delivery SET destination_key = :to, destination = :name
  WHERE destination_key = :from AND state <> 'delivered'`

/** One under a living lease is left to its sender: the next reconciliation sees what became of it. */
const ORPHAN = `
  UPDATE delivery SET state = 'orphaned', lease_token = NULL, lease_until = NULL,
    message = 'its destination left the registry'
  WHERE destination_key NOT IN (SELECT value FROM json_each(:known))
    AND (state IN ('pending', 'waiting') OR (state = 'sending' AND lease_until <= :now))`

export function reconcileDeliveries(
  driver: Driver,
  registry: Reconciliation,
  now: number,
): { orphaned: number; adopted: number } {
  let adopted = 0
  for (const { from, to, name } of registry.renames) {
    // A name in use again belongs to its present owner.
    if (registry.knownKeys.includes(from)) continue
    adopted += driver.prepare(ADOPT_ORPHAN).run({ from, to, name, now })
    adopted += driver.prepare(ADOPT).run({ from, to, name })
  }
  const orphaned = driver.prepare(ORPHAN).run({ known: JSON.stringify(registry.knownKeys), now })
  return { orphaned, adopted }
}
