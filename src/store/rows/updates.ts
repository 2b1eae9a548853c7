/**
 * Creates updates in the transaction of what they report. Events that wait together become one update, so that an outage
 * is followed by few requests. An update that may have been sent is never changed, because the provider knows its key.
 */

import { hashId } from '../../model/alerts/alert.ts'
import { type AlertUpdate, mergeUpdates, type UpdateEvent } from '../../model/alerts/alert-update.ts'
import { type Driver, insert } from '../driver.ts'
import type { AuditVerb, CommitPlan, UpdateSubscription } from '../store.ts'
import { readStatus } from './alerts.ts'
import { ATTEMPTED, TRIED } from './claim.ts'
import { orderUpdates } from './update-order.ts'

const EVENTS_OF_VERBS: Partial<Record<AuditVerb, UpdateEvent>> = {
  acknowledged: 'acknowledged',
  resolved: 'resolved',
  reopened: 'reopened',
  commented: 'commented',
}

/** Replaces the destinations that get updates. */
export function writeSubscriptions(driver: Driver, subscriptions: readonly UpdateSubscription[]): void {
  driver.prepare('DELETE FROM update_subscription').run()
  for (const { firstKey, destinationKey, destination, events, repeatEveryMs } of subscriptions) {
    insert(driver, 'update_subscription', {
      first_key: firstKey,
      destination_key: destinationKey,
      destination,
      events: JSON.stringify(events),
      repeat_every_ms: repeatEveryMs,
    })
  }
}

/** Creates the updates that a plan causes, after the plan was written. */
export function requestUpdates(driver: Driver, plan: CommitPlan, now: number): void {
  reviveWithdrawn(driver, plan, now)
  if (driver.prepare('SELECT 1 FROM update_subscription LIMIT 1').get() === undefined) return
  for (const { alertId } of plan.merges) requestOf(driver, alertId, 'repeated', now)
  for (const { alertId, divergence } of plan.divergences) {
    if (divergence.severity !== undefined) requestOf(driver, alertId, 'escalated', now)
  }
  for (const { verb, subject, actor, note, origin } of plan.audits) {
    const event = EVENTS_OF_VERBS[verb]
    if (event === undefined || subject.kind !== 'alert') continue
    requestUpdate(driver, subject.id, { events: [event], actor, note }, origin, now)
  }
}

/**
 * The page of a resolved alert was withdrawn. The alert is open again, so the page is due again. The steps of escalations
 * start again with their times.
 */
function reviveWithdrawn(driver: Driver, { audits }: CommitPlan, now: number): void {
  for (const { verb, subject } of audits) {
    if (verb !== 'reopened') continue
    const revived = driver
      .prepare<{ id: string }>(
        `UPDATE delivery SET state = 'pending', due = :now, created_at = :now, message = ''
         WHERE state = 'withdrawn' AND kind = 'single' AND reason NOT LIKE 'escalation of %'
           AND id IN (SELECT delivery_id FROM delivery_item WHERE alert_id = :alertId)
         RETURNING id`,
      )
      .all({ alertId: subject.id, now })
    for (const { id } of revived) orderUpdates(driver, id, now)
  }
}

/** Requests an update for an event that is no change by a person. A resolved alert needs none. */
function requestOf(driver: Driver, alertId: string, event: 'repeated' | 'escalated', now: number): void {
  if (readStatus(driver, alertId)?.status === 'resolved') return
  requestUpdate(driver, alertId, { events: [event], actor: '', note: '' }, null, now)
}

interface FirstDelivery {
  readonly id: string
  readonly state: string
  readonly createdAt: number
  readonly destinationKey: string
  readonly destination: string
  readonly repeatEveryMs: number
}

/** An alert that was sent twice by hand has two records at the provider, and each of them is updated. */
const FIRST_DELIVERIES = `
  SELECT d.id, d.state, d.created_at AS createdAt, s.destination_key AS destinationKey, s.destination,
    s.repeat_every_ms AS repeatEveryMs
  FROM delivery_item i JOIN delivery d ON d.id = i.delivery_id
    JOIN update_subscription s ON s.first_key = d.destination_key
  WHERE i.alert_id = :alertId AND d.kind = 'single'
    AND EXISTS (SELECT 1 FROM json_each(s.events) WHERE value = :event)`

function requestUpdate(
  driver: Driver,
  alertId: string,
  happened: Pick<AlertUpdate, 'events' | 'actor' | 'note'>,
  origin: string | null,
  now: number,
): void {
  const event = happened.events[0]!
  const firsts = driver.prepare<FirstDelivery>(FIRST_DELIVERIES).all({ alertId, event })
  const status = firsts.length > 0 && readStatus(driver, alertId)
  if (!status) return
  const update = { ...happened, status: status.status, closedReason: status.reason }
  for (const first of firsts) {
    // A provider that reported the change knows it.
    if (first.destinationKey === origin) continue
    addUpdate(driver, alertId, first, update, now)
  }
}

interface LatestUpdate {
  readonly id: string
  readonly body: string
  readonly due: number
  readonly state: string
  readonly tried: number
}

/** What is not due yet, or not in its turn, was sent by no predecessor. A retry by hand resets the attempts, not their history. */
const LATEST = `
  SELECT id, update_body AS body, due, state,
    CASE WHEN state = 'queued' OR due > :now THEN ${ATTEMPTED} ELSE ${TRIED} END AS tried
  FROM delivery WHERE update_of = :first ORDER BY seq DESC LIMIT 1`

function addUpdate(
  driver: Driver,
  alertId: string,
  first: FirstDelivery,
  update: AlertUpdate,
  now: number,
): void {
  const latest = driver.prepare<LatestUpdate>(LATEST).get({ first: first.id, now })
  const isOpen = latest !== undefined && canGrow(latest, first)
  const earlier = isOpen ? (JSON.parse(latest.body) as AlertUpdate) : null
  const isRepeat = update.events[0] === 'repeated'
  // The number of events is read when the update is sent.
  if (isRepeat && earlier?.events.includes('repeated')) return
  const due = isRepeat ? nextRepeatAt(driver, first, now) : now
  if (isOpen && earlier) {
    const merged = isRepeat ? withRepeat(earlier) : mergeUpdates(earlier, update)
    const change = { id: latest.id, due: Math.min(latest.due, due), ...contentOf(merged) }
    driver
      .prepare('UPDATE delivery SET due = :due, update_body = :update_body, reason = :reason WHERE id = :id')
      .run(change)
    return
  }
  insertUpdate(driver, alertId, first, update, { due, now })
  orderUpdates(driver, first.id, now)
}

/** A repetition changes neither the status nor the order of what happened. */
function withRepeat(earlier: AlertUpdate): AlertUpdate {
  return { ...earlier, events: ['repeated', ...earlier.events] }
}

function canGrow({ state, tried }: LatestUpdate, first: FirstDelivery): boolean {
  if (state === 'withdrawn') return first.state !== 'delivered'
  return (state === 'pending' || state === 'queued') && tried === 0
}

function insertUpdate(
  driver: Driver,
  alertId: string,
  { id: first, destinationKey, destination }: FirstDelivery,
  update: AlertUpdate,
  { due, now }: { readonly due: number; readonly now: number },
): void {
  const { count } = driver
    .prepare<{ count: number }>('SELECT count(*) AS count FROM delivery WHERE update_of = :first')
    .get({ first })!
  const id = hashId('update', first, count + 1)
  insert(driver, 'delivery', {
    id,
    kind: 'update',
    destination_key: destinationKey,
    destination,
    state: 'queued',
    due,
    attempts: 0,
    created_at: now,
    paused_ms: 0,
    message: '',
    update_of: first,
    ...contentOf(update),
  })
  insert(driver, 'delivery_item', { delivery_id: id, alert_id: alertId })
}

function contentOf(update: AlertUpdate): { readonly update_body: string; readonly reason: string } {
  return { update_body: JSON.stringify(update), reason: `update: ${update.events.join(', ')}` }
}

const LAST_REPEAT = `
  SELECT max(due) AS at FROM delivery WHERE update_of = :first
    AND EXISTS (SELECT 1 FROM json_each(update_body, '$.events') WHERE value = 'repeated')`

function nextRepeatAt(driver: Driver, first: FirstDelivery, now: number): number {
  const last = driver.prepare<{ at: number | null }>(LAST_REPEAT).get({ first: first.id })?.at
  return Math.max(now, (last ?? first.createdAt) + first.repeatEveryMs)
}
