/**
 * Digests: deliveries that carry several alerts. A digest is open while it is pending and has its key. A claim, and whatever
 * else ends that state, removes the key by a trigger, so that no alert joins a digest that may have been sent.
 */
import { type Driver, insert } from '../driver.ts'
import { MAX_DIGEST_ALERTS, type NewDelivery } from '../store.ts'

const OPEN = `SELECT d.id, (SELECT count(*) FROM delivery_item WHERE delivery_id = d.id) AS alerts
  FROM delivery d WHERE d.gather_key = :key AND d.kind = 'digest' AND d.state = 'pending'`

const SENT_ALONE = `SELECT count(*) AS n FROM delivery
  WHERE gather_key = :key AND kind = 'single' AND created_at > :since`

const PAGE = `SELECT d.id FROM delivery d JOIN delivery_item i ON i.delivery_id = d.id
    JOIN alert_status s ON s.alert_id = i.alert_id
  WHERE d.gather_key = :key AND d.kind = 'single' AND d.created_at > :since
    AND d.state NOT IN ('dead', 'orphaned', 'withdrawn') AND s.status <> 'resolved'
  ORDER BY d.seq DESC LIMIT 1`

const CLOSE_OTHERS = `UPDATE delivery SET gather_key = NULL
  WHERE gather_key = :key AND kind = 'digest' AND remote_reference IS NOT :page`

const KNOWN = `SELECT 1 FROM delivery WHERE id = :id`

/** Returns false if the delivery is a message of its own. */
export function joinDigest(driver: Driver, delivery: NewDelivery): boolean {
  const { gather, alertId } = delivery
  if (gather === undefined) return false
  const { key } = gather
  // The same plan can be written twice, when only its answer was lost.
  if (driver.prepare(KNOWN).get({ id: delivery.id }) !== undefined) return true
  const page = gather.pages ? pageOf(driver, delivery, gather) : null
  if (gather.pages) {
    // An update says more of one page, so a new page ends what is gathered for the one before.
    driver.prepare(CLOSE_OTHERS).run({ key, page })
    if (page === null) return false
  }
  const open = driver.prepare<{ id: string; alerts: number }>(OPEN).get({ key })
  if (open && open.alerts < MAX_DIGEST_ALERTS) {
    insert(driver, 'delivery_item', { delivery_id: open.id, alert_id: alertId }, 'ON CONFLICT DO NOTHING')
    return true
  }
  if (open) driver.prepare('UPDATE delivery SET gather_key = NULL WHERE id = :id').run({ id: open.id })
  else if (!gather.pages && isSentAlone(driver, delivery, gather)) return false
  openDigest(driver, delivery, gather, page)
  return true
}

/** Returns the id of the delivery that calls for the group, as JSON; null: this one has to. */
function pageOf(
  driver: Driver,
  { createdAt }: NewDelivery,
  { key, windowMs }: NonNullable<NewDelivery['gather']>,
): string | null {
  const page = driver.prepare<{ id: string }>(PAGE).get({ key, since: createdAt - windowMs })
  return page ? JSON.stringify(page.id) : null
}

function isSentAlone(
  driver: Driver,
  { createdAt }: NewDelivery,
  { key, after, windowMs }: NonNullable<NewDelivery['gather']>,
): boolean {
  if (after === 0) return false
  const { n } = driver.prepare<{ n: number }>(SENT_ALONE).get({ key, since: createdAt - windowMs })!
  return n < after
}

function openDigest(
  driver: Driver,
  { alertId, destinationKey, destination, reason, notBefore }: NewDelivery,
  { id, key, windowMs, due }: NonNullable<NewDelivery['gather']>,
  page: string | null,
): void {
  const created = insert(
    driver,
    'delivery',
    {
      id,
      kind: 'digest',
      destination_key: destinationKey,
      destination,
      state: 'pending',
      due,
      not_before: notBefore ?? null,
      gather_key: key,
      gather_ms: windowMs,
      attempts: 0,
      created_at: due,
      paused_ms: 0,
      reason,
      message: '',
      remote_reference: page,
    },
    'ON CONFLICT (id) DO NOTHING',
  )
  if (created > 0) insert(driver, 'delivery_item', { delivery_id: id, alert_id: alertId })
}

const FLUSH = `UPDATE delivery SET due = :now, created_at = :now, not_before = NULL
  WHERE kind = 'digest' AND state = 'pending' AND due > :now AND :destination IN (destination, destination_key)`

/** Makes the digests of a destination due now. Returns how many. */
export function flushDigests(driver: Driver, destination: string, now: number): number {
  return driver.prepare(FLUSH).run({ destination, now })
}
