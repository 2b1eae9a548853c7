/** Builders of store rows and plans with sensible defaults: a test names only what it is about. */
import type { AlertDraft } from '../../src/model/alerts/alert.ts'
import { initialStatus } from '../../src/model/alerts/alert-status.ts'
import { UPDATE_EVENTS } from '../../src/model/alerts/alert-update.ts'
import {
  type AlertRow,
  type Attempt,
  type AuditVerb,
  type CommitAnswer,
  type CommitPlan,
  type DeliveryOutcome,
  type DutyRequest,
  EMPTY_PLAN,
  type ExpectedVersions,
  type Group,
  type HeldCursor,
  type LimiterState,
  type NewAudit,
  type NewDelivery,
  type SendLimits,
  type SignalRow,
  type Store,
  type UpdateSubscription,
} from '../../src/store/store.ts'

export const T0 = Date.parse('2026-01-01T00:00:00Z')

export function plan(parts: Partial<CommitPlan>): CommitPlan {
  return { ...EMPTY_PLAN, ...parts }
}

export function expecting(
  groups: Record<string, number> = {},
  limiters: Record<string, number> = {},
  held: readonly HeldCursor[] = [],
): ExpectedVersions {
  return {
    groups: new Map(Object.entries(groups)),
    limiters: new Map(Object.entries(limiters)),
    cursors: new Map(held.map((each) => [each.source, each])),
    items: new Map(),
    inhibitors: new Map(),
    rules: null,
  }
}

/** Takes a source, and commits a plan with this cursor of it. */
export async function commitCursor(
  store: Store,
  source: string,
  cursor: string,
  parts: Partial<CommitPlan> = {},
): Promise<CommitAnswer> {
  const held = await store.take(source)
  return store.commit(plan({ ...parts, cursors: [{ source, cursor }] }), expecting({}, {}, [held]))
}

const route: AlertRow['route'] = {
  level: 'static-destinations',
  destinations: ['soc'],
  suppressed: false,
  trace: [{ level: 'static-destinations', decided: true, reason: 'OutputIds names soc', names: ['soc'] }],
  problems: [],
}

export function draft(over: Partial<AlertDraft> = {}): AlertDraft {
  return {
    detection: 'Test.Rule',
    kind: 'RULE',
    severity: { value: 'HIGH', source: 'static' },
    title: 'root “signed in”\u0000\n',
    name: 'A test rule',
    description: '',
    reference: '',
    runbook: '',
    tags: ['a'],
    context: '{"n":53.0,"big":12345678901234567890}',
    version: 'v1',
    dedup: 'root',
    logTypes: ['AWS.CloudTrail'],
    route,
    rowId: 'row-1',
    ...over,
  }
}

export function group(key: string, over: Partial<Group> = {}): Group {
  return {
    key,
    detection: 'Test.Rule',
    kind: 'RULE',
    dedup: 'root',
    startedAt: T0,
    alertId: null,
    alertAt: null,
    ordinal: 0,
    count: 1,
    distinct: [],
    first: draft(),
    peak: null,
    ...over,
  }
}

export function limiter(detection: string, over: Partial<LimiterState> = {}): LimiterState {
  return { detection, hourStartedAt: T0, created: 1, mutedAt: null, ...over }
}

export function alert(id: string, over: Partial<AlertRow> = {}): AlertRow {
  return {
    id,
    groupKey: 'g1',
    detection: 'Test.Rule',
    kind: 'RULE',
    severity: 'HIGH',
    title: 'root signed in',
    dedup: 'root',
    createdAt: T0,
    notification: '{"id":"Test.Rule","alertContext":{"n":53.0,"big":12345678901234567890}}',
    reference: 'https://example.com/why',
    route,
    logTypes: ['AWS.CloudTrail'],
    events: 1,
    lastEventAt: T0,
    divergences: [],
    status: initialStatus(over.severity ?? 'HIGH', over.createdAt ?? T0),
    ...over,
  }
}

export function delivery(id: string, over: Partial<NewDelivery> = {}): NewDelivery {
  return {
    id,
    alertId: 'a1',
    destinationKey: 'soc',
    destination: 'soc',
    due: T0,
    createdAt: T0,
    reason: 'static-destinations',
    ...over,
  }
}

export function audit(verb: AuditVerb, over: Partial<NewAudit> = {}): NewAudit {
  return {
    at: T0,
    actor: 'ann@host',
    via: 'cli',
    verb,
    subject: { kind: 'alert', id: 'a1' },
    before: '',
    after: '',
    note: '',
    origin: null,
    requestId: null,
    ...over,
  }
}

/** A destination that gets all updates, those about repeated events once an hour. */
export function subscription(key: string, over: Partial<UpdateSubscription> = {}): UpdateSubscription {
  return {
    firstKey: key,
    destinationKey: key,
    destination: key,
    events: UPDATE_EVENTS,
    repeatEveryMs: 3_600_000,
    ...over,
  }
}

export function signal(rowId: string, over: Partial<SignalRow> = {}): SignalRow {
  return {
    detection: 'Test.Rule',
    at: T0,
    happenedAt: T0,
    rowId,
    logType: 'AWS.CloudTrail',
    alertId: null,
    fields: '{"large":9007199254740993}',
    ...over,
  }
}

export function attempt(over: Partial<Omit<Attempt, 'n'>> = {}): Omit<Attempt, 'n'> {
  return { at: T0, status: 200, ms: 12, outcome: 'delivered', message: 'ok', ...over }
}

export const delivered: DeliveryOutcome = { state: 'delivered', attempt: attempt() }

export function waiting(
  due: number,
  over: Partial<Extract<DeliveryOutcome, { state: 'waiting' }>> = {},
): DeliveryOutcome {
  const failed = attempt({ status: 500, outcome: 'retry', message: 'status 500' })
  return { state: 'waiting', due, spendsAttempt: true, attempt: failed, ...over }
}

export function dead(fallbackDeliveries: readonly NewDelivery[] = []): DeliveryOutcome {
  const refused = attempt({ status: 400, outcome: 'refused', message: 'status 400: bad' })
  return { state: 'dead', attempt: refused, reason: 'status 400', fallbackDeliveries: fallbackDeliveries }
}

/** A destination without a rate, as delivery asks for what it has to send. */
export function duty(key: string, over: Partial<SendLimits> = {}): DutyRequest {
  return { key, concurrency: 64, rateLimit: null, answered: [], ...over }
}

/** The time at which one of these destinations has more to send; null: never. */
export async function nextAt(store: Store, keys: readonly string[]): Promise<number | null> {
  const duties = await store.duties(keys.map((key) => duty(key)))
  const times = duties.flatMap((each) => each.nextAt ?? [])
  return times.length > 0 ? Math.min(...times) : null
}
