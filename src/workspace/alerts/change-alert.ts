/** Acknowledges, resolves, reopens, comments or assigns an alert, beside a running daemon. */
import { closeGroup, withoutHidden } from '../../alerts/dedup.ts'
import {
  type AlertAct,
  auditedValues,
  decideStatus,
  type StatusDecision,
} from '../../alerts/status-change.ts'
import { UserError } from '../../errors.ts'
import type { AlertStatus } from '../../model/alerts/alert-status.ts'
import {
  type AlertRow,
  type AuditVerb,
  EMPTY_PLAN,
  type Group,
  type NewAudit,
  NOTHING_EXPECTED,
  type Store,
  type Versioned,
} from '../../store/store.ts'

export type { AlertAct }

const MAX_COMMIT_TRIES = 20
const MAX_NOTE_CHARS = 2_000
const MAX_ASSIGNEE_CHARS = 64

/** Who acts, and in which way the act came. */
export interface Actor {
  readonly name: string
  readonly via: string
  /** The key of the destination that reports the act. It gets no update of it. */
  readonly origin?: string
  /** The same request changes an alert once, however often it comes. */
  readonly requestId?: string
  /**
   * The act is a report of a provider with this id. It is taken in the commit of the change, so that it counts once. A
   * status that is reached already is left as it is: the report may be the result of an update.
   */
  readonly report?: string
}

/** Reports with the same id are known for so long. Hooks refuse older ones. */
const REPORT_KEPT_MS = 15 * 24 * 60 * 60_000

export interface ChangedAlert {
  /** `repeated`: a request with this id was carried out before. */
  readonly result: StatusDecision['result'] | 'repeated'
  readonly status: AlertStatus
}

type ChangeStore = Pick<Store, 'alert' | 'audit' | 'read' | 'commit'>

/**
 * The updates that destinations get are created in the same commit; a running daemon finds them within 5 s.
 * @param expectedVersion if the status has another version, nothing is changed.
 */
export async function changeAlert(
  store: ChangeStore,
  alertId: string,
  act: AlertAct,
  actor: Actor,
  now: number,
  expectedVersion?: number,
): Promise<ChangedAlert> {
  assertBounded(act)
  for (let attempt = 0; attempt < MAX_COMMIT_TRIES; attempt++) {
    const alert = await store.alert(alertId)
    if (!alert)
      throw new UserError(`alert not found: ${alertId}`, {
        code: 'unknown-id',
        hint: 'list the alerts with `signalbox alerts list`',
      })
    if (await isCarriedOut(store, actor, alert)) return { result: 'repeated', status: alert.status }
    if (expectedVersion !== undefined && alert.status.version !== expectedVersion)
      throw new UserError(`the alert has the version ${alert.status.version} now`, {
        code: 'changed-alert',
        hint: 'read the alert again, and send its ETag as If-Match',
      })
    const decision = decide(alert.status, act, actor, now)
    if (decision.verb === null && actor.report === undefined)
      return { result: decision.result, status: alert.status }
    // The daemon or another person can have changed the alert meanwhile.
    if (await commitDecision(store, alert, decision, actor, now))
      return { result: decision.result, status: decision.status ?? alert.status }
  }
  throw new UserError(`the alert ${alertId} changes faster than it can be written`, {
    code: 'changing-alert',
    hint: 'repeat the request',
  })
}

async function isCarriedOut(
  store: ChangeStore,
  { requestId, report }: Actor,
  { id }: AlertRow,
): Promise<boolean> {
  if (requestId !== undefined && (await store.audit({ requestId, limit: 1 })).length > 0) return true
  if (report === undefined) return false
  const reportId = reportIdOf(report, id)
  return (await store.read({ groups: [], limiters: [], seen: [reportId] })).seen.has(reportId)
}

function reportIdOf(report: string, alertId: string): string {
  return `once:${report} ${alertId}`
}

function decide(status: AlertStatus, act: AlertAct, { name, report }: Actor, now: number): StatusDecision {
  const isReached =
    (act.verb === 'acknowledge' && status.status === 'acknowledged') ||
    (act.verb === 'resolve' && status.status === 'resolved')
  if (report === undefined || !isReached) return decideStatus(status, act, name, now)
  return { result: 'unchanged', status: null, verb: null, note: '', endsGroup: false }
}

async function commitDecision(
  store: ChangeStore,
  alert: AlertRow,
  decision: StatusDecision,
  actor: Actor,
  now: number,
): Promise<boolean> {
  const { endsGroup } = decision
  const isResolved = decision.status?.status === 'resolved'
  const open = endsGroup || isResolved ? await openGroupOf(store, alert) : undefined
  // A person knows of the alert, so that the end of a silence does not send it any more.
  const group = open && (endsGroup || open.value.hidden) ? open : undefined
  const plan = {
    ...EMPTY_PLAN,
    statuses: decision.status ? [{ alertId: alert.id, status: decision.status }] : [],
    audits: decision.verb === null ? [] : [auditOf(alert, decision, decision.verb, actor, now)],
    seen:
      actor.report === undefined
        ? []
        : [{ id: reportIdOf(actor.report, alert.id), until: now + REPORT_KEPT_MS }],
    groups: group ? [endsGroup ? closeGroup(group.value) : withoutHidden(group.value)] : [],
  }
  const groups = new Map(group ? [[alert.groupKey, group.version]] : [])
  return (await store.commit(plan, { ...NOTHING_EXPECTED, groups })) === 'ok'
}

/** Returns the alert's group while the alert is its open one. */
async function openGroupOf(
  store: ChangeStore,
  { id, groupKey }: AlertRow,
): Promise<Versioned<Group> | undefined> {
  const { groups } = await store.read({ groups: [groupKey], limiters: [], seen: [] })
  const group = groups.get(groupKey)
  return group?.value.alertId === id ? group : undefined
}

function auditOf(
  alert: AlertRow,
  decision: StatusDecision,
  verb: AuditVerb,
  actor: Actor,
  now: number,
): NewAudit {
  return {
    at: now,
    actor: actor.name,
    via: actor.via,
    verb,
    subject: { kind: 'alert', id: alert.id },
    ...auditedValues(alert.status, decision),
    note: decision.note,
    origin: actor.origin ?? null,
    requestId: actor.requestId ?? null,
  }
}

function assertBounded(act: AlertAct): void {
  const assignee = 'assignee' in act ? (act.assignee ?? '') : ''
  for (const [name, text, limit] of [
    ['note', act.note, MAX_NOTE_CHARS],
    ['assignee', assignee, MAX_ASSIGNEE_CHARS],
  ] as const) {
    if (text.length <= limit) continue
    throw new UserError(`the ${name} has ${text.length} characters, and ${limit} are allowed`, {
      code: 'too-long',
      hint: 'shorten it',
    })
  }
}
