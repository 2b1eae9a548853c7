/** Decides what one more event does to its dedup group: counted, a new alert, or merged into the open one. Pure. */
import { ageMs } from '../core/age.ts'
import { type AlertDraft, alertId, groupKey, hashId } from '../model/alerts/alert.ts'
import { compareSeverity } from '../model/alerts/severity.ts'
import type { Divergence, Group } from '../store/store.ts'

export interface Counted {
  readonly draft: AlertDraft
  /** If undefined, every event counts; if null, this one adds no distinct value. */
  readonly unique: string | null | undefined
  readonly threshold: number
  readonly windowMs: number
}

/** The effect of the event. */
export type DedupAction =
  | { readonly kind: 'counted'; readonly reached: number; readonly threshold: number }
  /** `draft` is that of the first event, whose texts, severity and route are used. */
  | { readonly kind: 'created'; readonly alertId: string; readonly draft: AlertDraft }
  | {
      readonly kind: 'merged'
      readonly alertId: string
      readonly divergence: Divergence | null
    }

interface DedupDecision {
  /** It is the given group itself if the event only adds to its open alert. */
  readonly group: Group
  /** The group if the event may create no alert and is only counted. */
  readonly counted: Group
  readonly action: DedupAction
}

/**
 * @param group the group as stored; undefined at its first event.
 * @param now the time at which the event was received.
 * @param present the time of the decision, which can be much later if the store was away.
 */
export function decideDedup(
  group: Group | undefined,
  counted: Counted,
  now: number,
  present: number = now,
): DedupDecision {
  const open =
    group && isOpen(group, counted.windowMs, now, present) ? group : openGroup(group, counted.draft, now)
  const next = count(open, counted)
  if (next.alertId !== null) return merge(next, next.alertId, counted.draft, now)
  const reached = counted.unique === undefined ? next.count : next.distinct.length
  if (reached < counted.threshold) {
    return { group: next, counted: next, action: { kind: 'counted', reached, threshold: counted.threshold } }
  }
  return create(next, next.first ?? counted.draft, now)
}

/** The window is fixed: it begins with the alert's creation, before that with the first match of the group. */
function isOpen(group: Group, windowMs: number, now: number, present: number): boolean {
  return ageMs(group.alertAt ?? group.startedAt, now, present) <= windowMs
}

function openGroup(previous: Group | undefined, draft: AlertDraft, now: number): Group {
  const { detection, kind, dedup } = draft
  return {
    key: groupKey(detection, kind, dedup),
    detection,
    kind,
    dedup,
    startedAt: now,
    alertId: null,
    alertAt: null,
    ordinal: previous?.ordinal ?? 0,
    count: 0,
    distinct: [],
    first: draft,
    peak: null,
  }
}

/** Ends the window of the open alert: the next match begins a new one. */
export function closeGroup(group: Group): Group {
  return {
    ...withoutHidden(group),
    startedAt: 0,
    alertId: null,
    alertAt: null,
    count: 0,
    distinct: [],
    first: null,
    peak: null,
  }
}

/** The alert of the group is at all its destinations, or a person knows of it. */
export function withoutHidden(group: Group): Group {
  const { hidden: _, ...shown } = group
  return shown
}

/** True if the event changed nothing but the count, so that events can be added to it in any order. */
export function isOnlyCounted(before: Group, counted: Group): boolean {
  const { startedAt, alertId, distinct, first } = before
  if (alertId !== null || counted.alertId !== null) return false
  return startedAt === counted.startedAt && distinct === counted.distinct && first === counted.first
}

/** An open alert counts its events itself. */
function count(group: Group, { unique, threshold }: Counted): Group {
  if (group.alertId !== null) return group
  const counted = { ...group, count: group.count + 1 }
  if (typeof unique !== 'string' || group.distinct.length >= threshold) return counted
  const hash = hashId(unique).slice(0, 16)
  return group.distinct.includes(hash) ? counted : { ...counted, distinct: [...group.distinct, hash] }
}

function create(group: Group, draft: AlertDraft, now: number): DedupDecision {
  const ordinal = group.ordinal + 1
  const id = alertId(group.detection, group.kind, group.dedup, ordinal)
  const peak = { severity: draft.severity.value, destinations: draft.route.destinations }
  return {
    group: { ...group, ordinal, alertId: id, alertAt: now, distinct: [], first: null, peak },
    counted: group.first === null ? { ...group, first: draft } : group,
    action: { kind: 'created', alertId: id, draft },
  }
}

function merge(group: Group, id: string, draft: AlertDraft, now: number): DedupDecision {
  const divergence = diverge(group.peak, draft, now)
  const peak = divergence && {
    severity: divergence.severity ?? group.peak!.severity,
    destinations: [...group.peak!.destinations, ...(divergence.destinations ?? [])],
  }
  const next = peak ? { ...group, peak } : group
  return { group: next, counted: next, action: { kind: 'merged', alertId: id, divergence } }
}

/** The divergence of this event from all earlier ones: a higher severity, more destinations. */
function diverge(peak: Group['peak'], draft: AlertDraft, now: number): Divergence | null {
  if (!peak) return null
  const severity = draft.severity.value
  const rises = compareSeverity(severity, peak.severity) > 0
  const added = draft.route.destinations.filter((name) => !peak.destinations.includes(name))
  if (!rises && added.length === 0) return null
  return {
    at: now,
    rowId: draft.rowId,
    ...(rises && { severity }),
    ...(added.length > 0 && { destinations: added }),
  }
}
