/** Sends one claimed delivery and records its outcome, with the consequences: pause, resume, fallback, findings. */
import { messageOf } from '../errors.ts'
import { alertGroup } from '../model/alerts/alert-kind.ts'
import type { SystemFinding } from '../model/alerts/finding.ts'
import { type Destination, destinationKey, type Registry } from '../model/project/destination.ts'
import type { AlertRow, ClaimedDelivery, DeliveryOutcome, DestinationState } from '../store/store.ts'
import { decide } from './decide.ts'
import { deliveryDead, destinationPaused, pauseHint, updateDead } from './delivery-findings.ts'
import type { SentAlert } from './delivery-message.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import { isOpen } from './destination-state/breaker.ts'
import { type AttemptContext, nextState } from './destination-state/next-state.ts'
import { pauseCreditMs } from './destination-state/pauses.ts'
import { type Refusal, refusalCause } from './destination-state/refusal-streak.ts'
import { reviveRefused } from './destination-state/revive-refused.ts'
import { stateAudit } from './destination-state/state-audit.ts'
import { DEFAULT_SHOWN_ALERTS, digestAlert } from './digest/digest-alert.ts'
import { createFallbackDeliveries } from './fallback/fallback-deliveries.ts'
import { waitingTitlePrefix } from './fallback/paused-fallback.ts'
import { logOutcome } from './log-outcome.ts'
import { isResend, RESEND_TITLE_PREFIX } from './resend.ts'
import { type SendResult, sendOnce } from './send.ts'
import {
  isRefusedUpdate,
  resolvedTitlePrefix,
  resultOfRefusedUpdate,
  updateDetails,
  updateRetry,
  withdrawalReason,
} from './updates.ts'

/** One attempt takes at most this long. The lease is longer, so that no other daemon claims the delivery meanwhile. */
const SEND_TIMEOUT_MS = 30_000
export const LEASE_MS = 60_000
const STOP_GRACE_MS = 1_000
const RECORD_RETRY_MS = 1_000

export interface Task {
  readonly claimed: ClaimedDelivery
  readonly destination: Destination
  /** The registry at the time of the claim: a send in flight keeps the registry that it started with. */
  readonly registry: Registry
  readonly isProbe: boolean
  /** The time of the claim, by the monotonic clock. */
  readonly claimedAt: number
}

/** Sends, records the outcome and reports what follows. `onSent` is called when the send has ended, before the record. */
export async function deliver(
  ports: DeliveryPorts,
  task: Task,
  stop: AbortSignal,
  onSent: () => void,
): Promise<void> {
  const { clock, metrics } = ports
  const { claimed, destination } = task
  const { delivery } = claimed
  const startedAt = clock.now()
  if (await withdraw(ports, task, onSent, stop)) return
  const sent = await sendInTime(ports, task, stop)
  const until = startedAt + LEASE_MS
  const { state, pausedNow, scope } = await updateState(ports, task, sent, { until, stop })
  const result = isRefusedUpdate(claimed, sent)
    ? resultOfRefusedUpdate(sent)
    : sent.result === 'refused'
      ? { ...sent, scope }
      : sent
  onSent()
  const now = clock.now()
  const outcome = decide({
    delivery,
    retry: delivery.kind === 'update' ? updateRetry(destination.retry) : destination.retry,
    result,
    startedAt,
    now,
    paused: state.pausedAt !== null,
    interrupted: stop.aborted || isNotBegun(sent),
    creditMs: pauseCreditMs(delivery, state),
    random: ports.random(),
    fallbackDeliveries: (why) =>
      createFallbackDeliveries(task.registry, delivery, `${destination.name} is dead: ${why}`, now),
  })
  const recorded = await recordOutcome(ports, task, outcome, until, stop)
  if (recorded && outcome.state === 'delivered') ports.onDelivered?.()
  logOutcome(ports, task, outcome, recorded, state)
  metrics.observe('signalbox_delivery_attempt_seconds', (now - startedAt) / 1_000, { type: destination.type })
  const died = recorded && outcome.state === 'dead' && !carriesSystemAlert(claimed)
  const deadFinding = delivery.kind === 'update' ? updateDead : deliveryDead
  await admitFindings(ports, [
    ...(pausedNow ? [destinationPaused(destination.name, result.message, now)] : []),
    ...(died ? [deadFinding(destination.name, outcome.reason, delivery.id, now)] : []),
  ])
  if (pausedNow) await reviveRefused(ports.store, state)
}

/** Records that a delivery has no purpose any more. Resolves with false if it must be sent. */
async function withdraw(
  ports: DeliveryPorts,
  task: Task,
  onSent: () => void,
  stop: AbortSignal,
): Promise<boolean> {
  const { claimed, destination } = task
  const type = await ports.types(destination.type).catch(() => ({}))
  const reason = withdrawalReason(claimed, destination, type)
  if (reason === null) return false
  onSent()
  const outcome = { state: 'withdrawn', attempt: null, reason } as const
  const recorded = await recordOutcome(ports, task, outcome, ports.clock.now() + LEASE_MS, stop)
  ports.log.info(
    { destination: destination.name, delivery: claimed.delivery.id, reason, recorded },
    'delivery is withdrawn',
  )
  return true
}

function recordOutcome(
  ports: DeliveryPorts,
  task: Task,
  outcome: DeliveryOutcome,
  until: number,
  stop: AbortSignal,
): Promise<boolean> {
  const { delivery, leaseToken } = task.claimed
  const write = () => ports.store.recordOutcome(delivery.id, leaseToken, outcome)
  return retryWrite(ports, task, write, { until, stop })
}

/** Retries the write while the lease lasts: a delivered alert must not be sent again because the disk was full for a moment. */
async function retryWrite<T>(
  { clock, log }: DeliveryPorts,
  { destination }: Task,
  write: () => Promise<T>,
  { until, stop }: { readonly until: number; readonly stop: AbortSignal },
): Promise<T> {
  for (;;) {
    try {
      return await write()
    } catch (error) {
      if (stop.aborted || clock.now() + RECORD_RETRY_MS >= until) throw error
      log.warn(
        { destination: destination.name, error: messageOf(error) },
        'failed to record the outcome of a delivery; retrying',
      )
      await clock.sleep(RECORD_RETRY_MS, stop)
    }
  }
}

/** Enforces the timeout even on a type that ignores its signal. A stop leaves the send a moment to end. */
async function sendInTime(ports: DeliveryPorts, task: Task, stop: AbortSignal): Promise<SendResult> {
  const { claimed, destination } = task
  const alert = claimed.alerts[0]
  if (!alert) {
    return {
      result: 'refused',
      status: null,
      message: 'its alert is not in the store any more',
      scope: 'delivery',
    }
  }
  const done = new AbortController()
  const late = new AbortController()
  const deadline = async (): Promise<SendResult> => {
    await ports.clock.sleep(SEND_TIMEOUT_MS, AbortSignal.any([stop, done.signal]))
    if (stop.aborted) await ports.clock.sleep(STOP_GRACE_MS, done.signal)
    if (!done.signal.aborted) late.abort()
    const message = stop.aborted ? 'interrupted' : `no answer within ${SEND_TIMEOUT_MS} ms`
    return { result: 'retry', status: null, message, retryAfterMs: null }
  }
  const signal = AbortSignal.any([stop, late.signal])
  const { delivery, repeated } = claimed
  const update = updateDetails(claimed, alert, destination)
  const titlePrefix = update ? '' : titlePrefixOf(claimed, alert)
  const { monotonic = () => performance.now() } = ports
  // A process that was stopped for a while must not send what another one has claimed meanwhile.
  const mayBegin = () => monotonic() - task.claimedAt <= LEASE_MS - SEND_TIMEOUT_MS
  const sending = {
    alert: sentAlert(claimed, destination) ?? alert,
    deliveryId: pageOf(delivery) ?? delivery.id,
    repeated,
    titlePrefix,
    update,
    mayBegin,
  }
  const sent = sendOnce(ports, destination, sending, signal)
  const result = await Promise.race([sent, deadline()])
  // The default reason would be an Error with a stack, for every delivery.
  done.abort('done')
  return result
}

/** The delivery of which a digest is an update: its key is the one that the provider knows. */
function pageOf({ kind, remoteReference }: ClaimedDelivery['delivery']): string | null {
  return kind === 'digest' && remoteReference !== null ? (JSON.parse(remoteReference) as string) : null
}

/** A digest of one alert is that alert. */
function sentAlert({ delivery, alerts }: ClaimedDelivery, { handling }: Destination): SentAlert | undefined {
  const isMore = pageOf(delivery) !== null
  if (delivery.kind !== 'digest' || (alerts.length < 2 && !isMore)) return undefined
  const { json, ...alert } = digestAlert(alerts, handling.digest?.max ?? DEFAULT_SHOWN_ALERTS, isMore)
  return { ...alert, digest: json }
}

function isNotBegun(sent: SendResult): boolean {
  return sent.result === 'retry' && sent.isNotBegun === true
}

function titlePrefixOf({ delivery, alerts }: ClaimedDelivery, alert: AlertRow): string {
  if (isResend(delivery)) return RESEND_TITLE_PREFIX
  // A digest marks each alert that is resolved.
  if (alerts.length > 1) return waitingTitlePrefix(delivery)
  return resolvedTitlePrefix(alert) || waitingTitlePrefix(delivery)
}

/** What the destination refused, for the comparison with other refusals. Alerts of the system count as no detection. */
function refusalOf({ claimed }: Task, result: SendResult): Refusal | null {
  const alert = claimed.alerts[0]
  const isUpdate = claimed.delivery.kind === 'update'
  if (!alert || isUpdate || alertGroup(alert.kind) === 'SYSTEM' || result.result === 'delivered') return null
  const { detection, notification } = alert
  const common = { detection, delivery: claimed.delivery.id }
  if (result.result === 'retry') {
    if (result.foreign === undefined) return null
    return { ...common, cause: `${result.status} of something in between`, isForeign: true }
  }
  if (result.answer === undefined) return null
  return { ...common, cause: refusalCause(result.status, result.answer, notification), isForeign: false }
}

/** Updates the destination's state from the result: paused, held or working. */
async function updateState(
  ports: DeliveryPorts,
  task: Task,
  result: SendResult,
  limits: { readonly until: number; readonly stop: AbortSignal },
): Promise<{ state: DestinationState; pausedNow: boolean; scope: 'delivery' | 'destination' }> {
  const { store, clock, log } = ports
  const { destination, claimed } = task
  const isRefused = isRefusedUpdate(claimed, result)
  const context: AttemptContext = {
    detection: claimed.alerts[0]?.detection ?? '',
    refusal: refusalOf(task, result),
    // An update that is refused says nothing about alerts, so it ends no pause.
    isProbe: task.isProbe && !isRefused,
    isInterrupted: limits.stop.aborted || isNotBegun(result),
    now: clock.now(),
  }
  let scope: 'delivery' | 'destination' = 'delivery'
  const change = (state: DestinationState) => {
    const next = nextState(state, isRefused ? { ...result, scope: 'delivery' } : result, context)
    scope = next.scope
    return next.state
  }
  const key = destinationKey(destination)
  const write = () =>
    store.changeDestinationState(key, change, (states) => stateAudit(key, states, context.now))
  const { before, after } = await retryWrite(ports, task, write, limits)
  if (!isOpen(before) && isOpen(after)) {
    log.warn(
      { destination: destination.name, failures: after.failures },
      'destination keeps failing; sending one delivery at a time',
    )
  }
  const pausedNow = before.pausedAt === null && after.pausedAt !== null
  // The end of a hold or pause is logged at the same level as its beginning.
  if (isOpen(before) && !isOpen(after)) log.warn({ destination: destination.name }, 'destination works again')
  if (pausedNow) {
    const { name } = destination
    log.error({ destination: name, reason: result.message, hint: pauseHint(name) }, 'destination is paused')
  }
  if (before.pausedAt !== null && after.pausedAt === null) {
    log.warn({ destination: destination.name }, 'destination is resumed')
  }
  return { state: after, pausedNow, scope }
}

/** The outcome is recorded already; a finding that cannot be recorded must not undo that. */
async function admitFindings(ports: DeliveryPorts, findings: SystemFinding[]): Promise<void> {
  if (findings.length === 0) return
  try {
    await ports.admit(findings)
  } catch (error) {
    const codes = findings.map(({ code }) => code)
    ports.log.error({ codes, error: messageOf(error) }, 'failed to record a finding about a delivery')
  }
}

function carriesSystemAlert({ alerts }: ClaimedDelivery): boolean {
  return alerts.some(({ kind }) => alertGroup(kind) === 'SYSTEM')
}
