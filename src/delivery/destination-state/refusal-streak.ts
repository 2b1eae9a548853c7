/**
 * Decides whose fault a refusal is. Refusals in a row with the same cause, of alerts of several detections, are a fault
 * of the destination; those of one detection are a fault of its alerts, so that no detection can stop a destination for
 * the others. Pure.
 */
import type { DestinationState } from '../../store/store.ts'

/** So many detections with the same refusal in a row show that the destination is misconfigured. */
const MIN_DETECTIONS = 2
/** An answer of something in between concerns no alert. So many in a row pause, if they come from several detections ... */
const MIN_FOREIGN_ANSWERS = 3
/** ... or continue for this long. */
const FOREIGN_PAUSE_MS = 15 * 60_000
/** The number of refused deliveries that a pause brings back. */
const MAX_REVIVED = 20
const MAX_ALERT_FAULTS = 10
const ALERT_FAULT_TTL_MS = 24 * 60 * 60_000

export interface Refusal {
  /** What was refused, without what belongs to the alert alone. */
  readonly cause: string
  readonly detection: string
  readonly delivery: string
  /** The answer was not the provider's. */
  readonly isForeign: boolean
}

type Refusals = NonNullable<DestinationState['refusals']>

/** Adds a refusal to those in a row. Another cause begins a new row. */
export function addRefusal(state: DestinationState, refusal: Refusal, now: number): DestinationState {
  const { cause, detection, delivery } = refusal
  const known = state.refusals?.cause === cause ? state.refusals : undefined
  const { count = 0, since = now, detections = [], deliveries = [] } = known ?? {}
  const refusals: Refusals = {
    cause,
    since,
    count: count + 1,
    detections: [...new Set([...detections, detection])].slice(0, MIN_DETECTIONS),
    deliveries: [...new Set([...deliveries, delivery])].slice(-MAX_REVIVED),
  }
  return { ...state, refusals }
}

/** True if the refusals in a row concern the destination and not the alerts. */
export function isSystematic({ refusals }: DestinationState, { isForeign }: Refusal, now: number): boolean {
  if (!refusals) return false
  if (!isForeign) return isShared(refusals)
  return (
    refusals.count >= MIN_FOREIGN_ANSWERS && (isShared(refusals) || now - refusals.since >= FOREIGN_PAUSE_MS)
  )
}

function isShared({ detections }: Refusals): boolean {
  return detections.length >= MIN_DETECTIONS
}

/** The refused deliveries of the row for which the destination is paused; none if it is paused for another reason. */
export function refusedBeforePause({ pausedAt, refusals }: DestinationState): readonly string[] {
  return pausedAt !== null && refusals && isShared(refusals) ? refusals.deliveries : []
}

/**
 * An accepted alert ends the row. If it ends a pause that only another detection caused, the cause was in the alerts of
 * that detection: the next such refusal does not pause again.
 */
export function clearRefusals(state: DestinationState, detection: string, now: number): DestinationState {
  const { refusals, alertFaults = [] } = state
  const kept = alertFaults.filter(
    (fault) => fault.detection !== detection && now - fault.at < ALERT_FAULT_TTL_MS,
  )
  if (!refusals && kept.length === alertFaults.length) return state
  const [only, ...others] = refusals?.detections ?? []
  const isExplained =
    state.pausedAt !== null && refusals && only !== undefined && others.length === 0 && only !== detection
  const added = isExplained ? [{ cause: refusals.cause, detection: only, at: now }] : []
  return { ...state, refusals: null, alertFaults: [...kept, ...added].slice(-MAX_ALERT_FAULTS) }
}

/** True if an earlier pause for this cause ended although alerts of this detection were still refused. */
export function isAlertFault({ alertFaults = [] }: DestinationState, { cause, detection }: Refusal): boolean {
  return alertFaults.some((fault) => fault.cause === cause && fault.detection === detection)
}

const MAX_CAUSE_CHARS = 300
/** Shorter values of an alert occur in any message. */
const MIN_VALUE_CHARS = 4

/** The status and message without what differs between alerts: their own values, numbers, ids and times. */
export function refusalCause(status: number | null, message: string, notification: string): string {
  const values = ownValues(JSON.parse(notification)).sort((a, b) => b.length - a.length)
  const plain = values.reduce((text, value) => text.replaceAll(value, '…'), message)
  const stable = plain.replace(/\b(?=\w*\d)[\w-]{12,}\b/g, '#').replace(/\d+/g, '#')
  return `${status ?? ''} ${stable}`.replace(/\s+/g, ' ').trim().slice(0, MAX_CAUSE_CHARS)
}

/** The texts of an alert but its severity and type, which other alerts share. */
function ownValues(value: unknown): string[] {
  if (typeof value === 'string') return value.length >= MIN_VALUE_CHARS ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'severity' || key === 'type' ? [] : ownValues(item),
  )
}
