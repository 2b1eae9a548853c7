/** Claims due deliveries, and knows when the next one is due. */
import type { ClaimedDelivery, Store } from '../store.ts'
import type { Database } from './database.ts'
import { type AlertContent, toAlert } from './listing.ts'

type Claimed = Omit<ClaimedDelivery, 'alerts'> & { readonly alerts: readonly AlertContent[] }

export async function claimDue(
  database: Database,
  { destinationKeys, limit, leaseMs }: Parameters<Store['claim']>[0],
  { holder, now }: { readonly holder: string | null; readonly now: number | null },
): Promise<ClaimedDelivery[]> {
  const rows = await database.query<{ claimed: Claimed }>(
    'SELECT claim_deliveries($1::text[], $2, $3, $4, $5) AS claimed',
    [destinationKeys, limit, leaseMs, holder, now],
  )
  return rows.map(({ claimed }) => ({
    ...claimed,
    alerts: claimed.alerts.map(toAlert),
  }))
}

export async function countDue(
  database: Database,
  key: string,
  atMost: number,
  now: number | null,
): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*) AS count FROM (
       (SELECT 1 FROM delivery WHERE destination_key = $1 AND state IN ('pending', 'waiting') AND due <= store_now($3)
        LIMIT $2)
       UNION ALL
       (SELECT 1 FROM delivery WHERE destination_key = $1 AND state = 'sending' AND lease_until <= store_now($3)
        LIMIT $2) LIMIT $2) AS found`,
    [key, atMost, now],
  )
  return row!.count
}

export async function earliestDue(database: Database, keys: readonly string[]): Promise<number | null> {
  const [row] = await database.query<{ at: number | null }>(
    `SELECT min(at) AS at FROM unnest($1::text[]) AS k(key), LATERAL (
       SELECT min(due) AS at FROM delivery WHERE destination_key = k.key AND state IN ('pending', 'waiting')
       UNION ALL
       SELECT min(lease_until) FROM delivery WHERE destination_key = k.key AND state = 'sending') AS earliest`,
    [keys],
  )
  return row!.at
}
