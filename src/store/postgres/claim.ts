/** Claims due deliveries and steps of escalations. */
import type { ClaimedDelivery, ClaimedEscalation, Store } from '../store.ts'
import type { Database } from './database.ts'
import { limitsRow } from './destination-rows.ts'
import { type AlertContent, toAlert } from './listing.ts'
import { Json } from './pool.ts'

type Claimed = Omit<ClaimedDelivery, 'alerts' | 'isProbe'> & { readonly alerts: readonly AlertContent[] }

interface Row {
  readonly claimed: Claimed
  readonly probes: boolean
}

interface Caller {
  readonly holder: string | null
  readonly now: number | null
}

export async function claimDue(
  database: Database,
  request: Parameters<Store['claim']>[0],
  caller: Caller,
): Promise<ClaimedDelivery[]> {
  const rows = await claimedRows(database, request, caller)
  return rows.map(({ claimed, probes }) => ({
    ...claimed,
    alerts: claimed.alerts.map(toAlert),
    isProbe: probes,
  }))
}

function claimedRows(
  database: Database,
  { destinationKeys, limit, leaseMs, within }: Parameters<Store['claim']>[0],
  { holder, now }: Caller,
): Promise<Row[]> {
  if (within === undefined) {
    const sql = 'SELECT claim_deliveries($1::text[], $2, $3, $4, $5) AS claimed, false AS probes'
    return database.query<Row>(sql, [destinationKeys, limit, leaseMs, holder, now])
  }
  const [key] = destinationKeys
  if (key === undefined) return Promise.resolve([])
  const sql = 'SELECT claimed, probes FROM claim_within($1, $2, $3, $4, $5, $6)'
  return database.query<Row>(sql, [key, limit, leaseMs, new Json(limitsRow(within)), holder, now])
}

type ClaimedStep = Omit<ClaimedEscalation, 'alert'> & { readonly alert: AlertContent }

export async function claimEscalations(
  database: Database,
  { limit, leaseMs }: Parameters<Store['claimEscalations']>[0],
  now: number | null,
): Promise<ClaimedEscalation[]> {
  const rows = await database.query<{ claimed: ClaimedStep }>(
    'SELECT claim_escalations($1, $2, $3) AS claimed',
    [limit, leaseMs, now],
  )
  return rows.map(({ claimed }) => ({ ...claimed, alert: toAlert(claimed.alert) }))
}
