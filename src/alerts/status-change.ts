/** Decides what an act of a person or a rule does to the status of an alert. Pure. */
import { type AlertStatus, type ClosedReason, statusText } from '../model/alerts/alert-status.ts'
import type { AuditVerb } from '../store/store.ts'

/** What is done, with its note; empty: there is no note. */
export type AlertAct =
  | { readonly verb: 'acknowledge'; readonly note: string; readonly assignee?: string }
  | { readonly verb: 'resolve'; readonly note: string; readonly reason: ClosedReason }
  | { readonly verb: 'reopen'; readonly note: string }
  | { readonly verb: 'comment'; readonly note: string }
  | { readonly verb: 'assign'; readonly note: string; readonly assignee: string }

export interface StatusDecision {
  /** `late`: an acknowledge of a resolved alert, which changes nothing and is recorded as a comment. */
  readonly result: 'changed' | 'commented' | 'unchanged' | 'late'
  /** null: the status stays as it is. */
  readonly status: AlertStatus | null
  /** What the audit records; null: nothing. */
  readonly verb: AuditVerb | null
  readonly note: string
  /** The window of the alert's dedup group ends: the next match creates a new alert. */
  readonly endsGroup: boolean
}

/** With these reasons the matter is over, so a later match is a new one. */
const ENDING_REASONS: readonly ClosedReason[] = ['fixed', 'true-positive']

export function decideStatus(before: AlertStatus, act: AlertAct, actor: string, now: number): StatusDecision {
  const { note } = act
  const change = (verb: AuditVerb, over: Partial<AlertStatus>, endsGroup = false): StatusDecision => {
    const status = { ...before, ...over, version: before.version + 1, changedAt: now, changedBy: actor }
    return { result: 'changed', status, verb, note, endsGroup }
  }
  const isBySame = before.changedBy === actor
  switch (act.verb) {
    case 'comment':
      return comment(note)
    case 'assign':
      if (act.assignee === before.assignee) return comment(note)
      return change('assigned', { assignee: act.assignee })
    case 'acknowledge': {
      if (before.status === 'resolved') {
        const text = ['acknowledged after it was resolved', note].filter(Boolean).join(': ')
        return { ...comment(text), result: 'late' }
      }
      const { assignee = before.assignee } = act
      if (before.status === 'acknowledged' && isBySame && assignee === before.assignee) return comment(note)
      return change('acknowledged', { status: 'acknowledged', assignee })
    }
    case 'resolve': {
      const { reason } = act
      if (before.status === 'resolved' && isBySame && before.reason === reason) return comment(note)
      return change('resolved', { status: 'resolved', reason }, ENDING_REASONS.includes(reason))
    }
    case 'reopen':
      if (before.status === 'open') return comment(note)
      return change('reopened', { status: 'open', reason: null })
  }
}

/** An act that changes nothing may still say something. */
function comment(note: string): StatusDecision {
  const common = { status: null, note, endsGroup: false }
  return note === ''
    ? { ...common, result: 'unchanged', verb: null }
    : { ...common, result: 'commented', verb: 'commented' }
}

/** What the audit shows before and after: the assignee where that changes, otherwise the status. */
export function auditedValues(
  before: AlertStatus,
  { status, verb }: Pick<StatusDecision, 'status' | 'verb'>,
): { readonly before: string; readonly after: string } {
  const after = status ?? before
  const value = verb === 'assigned' ? ({ assignee }: AlertStatus) => assignee : statusText
  return { before: value(before), after: value(after) }
}
