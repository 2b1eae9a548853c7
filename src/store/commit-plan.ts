/** What a decision reads, and what its commit writes and compares. */

import type { JsonText } from '../core/exact-json.ts'
import type { AlertDraft } from '../model/alerts/alert.ts'
import type { AlertKind } from '../model/alerts/alert-kind.ts'
import type { AlertStatus } from '../model/alerts/alert-status.ts'
import type { Inhibitor } from '../model/alerts/inhibition.ts'
import type { Route } from '../model/alerts/route.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { NewAudit, StatusChange } from './rows/audit-rows.ts'
import type { NewDelivery } from './rows/delivery-rows.ts'
import type { EscalationOutcome, NewEscalation } from './rows/escalation-rows.ts'
import type { NewHandling, SilenceHit, StoredSilence } from './rows/handling-rows.ts'

/** A dedup group: the counting state of one detection, kind and dedup key. */
export interface Group {
  /** The result of `groupKey(...)`. */
  readonly key: string
  readonly detection: string
  readonly kind: AlertKind
  readonly dedup: string
  /** The first match opens the dedup window, which restarts when the alert is created. All times here are epoch ms. */
  readonly startedAt: number
  /** The open alert; null until there is one. */
  readonly alertId: string | null
  readonly alertAt: number | null
  /** The number of alerts of this group so far, which identifies the next one. */
  readonly ordinal: number
  /** The number of events in the present window until its alert is created. From then on the alert counts them. */
  readonly count: number
  /** Hashes of the distinct `unique()` values in the window, bounded by the threshold. */
  readonly distinct: readonly string[]
  /** The draft of the first event of the window. */
  readonly first: AlertDraft | null
  /** The highest severity of the open alert and all destinations of its events, so that a divergence is recorded once. */
  readonly peak: { readonly severity: Severity; readonly destinations: readonly string[] } | null
  /**
   * The destinations that do not have the open alert because of a silence or an inhibition. An event that nothing hides any
   * more makes their deliveries. Absent: there are none.
   */
  readonly hidden?: readonly HiddenDestination[]
}

export interface HiddenDestination {
  readonly destination: string
  /** The id of the silence; absent: it is an inhibition. */
  readonly silence?: string
  /** The id of the inhibition. */
  readonly inhibition?: string
  readonly until: number
}

/** The alerts of a detection in the present hour, and whether they muted it. */
export interface LimiterState {
  readonly detection: string
  readonly hourStartedAt: number
  readonly created: number
  readonly mutedAt: number | null
}

/** A row with the version that `commit` compares. */
export interface Versioned<T> {
  readonly value: T
  readonly version: number
}

export interface ReadKeys {
  readonly groups: readonly string[]
  readonly limiters: readonly string[]
  /** Keys of inhibitions. */
  readonly inhibitors: readonly string[]
  /** Row ids and idempotency keys that may have been seen before. */
  readonly seen: readonly string[]
}

export const NO_KEYS: ReadKeys = { groups: [], limiters: [], inhibitors: [], seen: [] }

export interface ReadState {
  readonly groups: ReadonlyMap<string, Versioned<Group>>
  readonly limiters: ReadonlyMap<string, Versioned<LimiterState>>
  /** Of the alerts of a key that are not resolved, the one that hides others for the longest time. */
  readonly inhibitors: ReadonlyMap<string, Inhibitor>
  readonly seen: ReadonlySet<string>
  /** The number of events of each open alert of the groups. */
  readonly alertEvents: ReadonlyMap<string, number>
  /** It rises with every change of a rule of handling that is kept in the store. */
  readonly rulesVersion: number
}

export interface Divergence {
  readonly at: number
  readonly rowId: string
  readonly severity?: Severity
  readonly destinations?: readonly string[]
}

export interface AlertRow {
  readonly id: string
  readonly groupKey: string
  readonly detection: string
  readonly kind: AlertKind
  readonly severity: Severity
  /** The title without the prefix of a re-sent alert. */
  readonly title: string
  readonly dedup: string
  readonly createdAt: number
  /** The exact JSON text of the frozen notification. */
  readonly notification: JsonText
  readonly reference: string
  readonly route: Route
  readonly logTypes: readonly string[]
  readonly events: number
  readonly lastEventAt: number
  readonly divergences: readonly Divergence[]
  readonly status: AlertStatus
}

/**
 * Events that only add to an open alert. They are compared with nothing, so that decisions about the same alert do not
 * wait for each other: if its window was closed meanwhile, they count in the alert that was open when they were decided.
 */
export interface Merge {
  readonly alertId: string
  readonly events: number
  readonly lastEventAt: number
  readonly logTypes: readonly string[]
}

/**
 * Matches of a muted detection that only add to the count of a group whose threshold is reached. They are compared with
 * nothing either. If the alert of the window was created meanwhile, they count in the alert.
 */
export interface MutedMatches {
  readonly groupKey: string
  /** The window: `startedAt` of the group. Matches of a window that was closed meanwhile are not counted. */
  readonly startedAt: number
  readonly events: number
  readonly lastEventAt: number
  readonly logTypes: readonly string[]
}

/** What a plan adds to a limiter, whatever other plans have added meanwhile. */
export interface LimiterChange {
  readonly detection: string
  /** The hour in which the alerts were created, and the hour that was read; null if there was no row. */
  readonly hourStartedAt: number
  readonly previousHour: number | null
  readonly created: number
  /** The time at which this plan mutes the detection. If it is muted already, that is a conflict. */
  readonly mutedAt: number | null
}

export interface SignalRow {
  readonly detection: string
  /** The time at which the event was counted. */
  readonly at: number
  /** The time in the event; the time of counting if the event has none. */
  readonly happenedAt: number
  readonly rowId: string
  readonly logType: string
  readonly alertId: string | null
  /** A JSON object with the fields of event and alert context that correlation rules compared when the event came. */
  readonly fields: JsonText
}

/** An alert that begins to hide others. */
export interface NewInhibitor extends Inhibitor {
  readonly key: string
}

export interface KvWrite {
  readonly key: string
  /** null removes the key. */
  readonly value: JsonText | null
  readonly expiresAt: number | null
  /** The new version of the key, which no other write has; absent: the store makes one. */
  readonly version?: string
}

/** The version of a key that does not exist, or has expired. */
export const NO_VERSION = ''

/** Everything that one decision writes, as one transaction. */
export interface CommitPlan {
  readonly cursors: readonly { source: string; cursor: string }[]
  /** The ids that this plan counts. An id that was seen meanwhile is a conflict, so that no event is counted twice. */
  readonly seen: readonly { id: string; until: number }[]
  readonly signals: readonly SignalRow[]
  readonly groups: readonly Group[]
  /** Whole states, compared with the version that was read. */
  readonly limiters: readonly LimiterState[]
  readonly limiterChanges: readonly LimiterChange[]
  readonly alerts: readonly AlertRow[]
  readonly merges: readonly Merge[]
  readonly mutedMatches: readonly MutedMatches[]
  readonly divergences: readonly { readonly alertId: string; readonly divergence: Divergence }[]
  readonly deliveries: readonly NewDelivery[]
  readonly handlings: readonly NewHandling[]
  readonly silenceHits: readonly SilenceHit[]
  /** If the version of one is not one more than that in the store, the plan is a conflict. 0: there is none. */
  readonly silences: readonly StoredSilence[]
  /** A plan that resolves an alert ends what it hides. */
  readonly inhibitors: readonly NewInhibitor[]
  readonly escalations: readonly NewEscalation[]
  /** They are compared before, and written before the statuses, which start or end steps. */
  readonly escalationOutcomes: readonly EscalationOutcome[]
  readonly statuses: readonly StatusChange[]
  /** Merges, higher severities and changes of alerts also create the updates of the destinations that want them. */
  readonly audits: readonly NewAudit[]
  readonly kv: readonly KvWrite[]
}

export const EMPTY_PLAN: CommitPlan = {
  cursors: [],
  seen: [],
  signals: [],
  groups: [],
  limiters: [],
  limiterChanges: [],
  alerts: [],
  merges: [],
  mutedMatches: [],
  divergences: [],
  deliveries: [],
  handlings: [],
  silenceHits: [],
  silences: [],
  inhibitors: [],
  escalations: [],
  escalationOutcomes: [],
  statuses: [],
  audits: [],
  kv: [],
}

/** What a commit must find at the cursor of its source. */
export interface CursorVersion {
  /** A random name of the run that took the source. */
  readonly owner: string
  /** The version at `take`, plus one for each cursor that this owner has committed. */
  readonly version: number
}

/** The cursor of a source as `take` found it, held by its new owner. */
export interface HeldCursor extends CursorVersion {
  readonly source: string
  /** null if the source has not committed a cursor yet. */
  readonly cursor: string | null
}

/** The versions that were read, by group key and by the limiter's detection; 0 if there was no row. */
export interface ExpectedVersions {
  readonly groups: ReadonlyMap<string, number>
  readonly limiters: ReadonlyMap<string, number>
  /** The keys are sources. Every source whose cursor the plan moves must be in it. */
  readonly cursors: ReadonlyMap<string, CursorVersion>
  /** The keys are those of `kv`. They are compared only if the plan writes such a key. */
  readonly items: ReadonlyMap<string, string>
  /** The id of the alert that was read for each key of inhibitions; null: there was none. */
  readonly inhibitors: ReadonlyMap<string, string | null>
  /** The version of the rules of handling in the store; null: the plan does not depend on them. */
  readonly rules: number | null
}

/** The value for plans that depend on nothing that was read. */
export const NOTHING_EXPECTED: ExpectedVersions = {
  groups: new Map(),
  limiters: new Map(),
  cursors: new Map(),
  items: new Map(),
  inhibitors: new Map(),
  rules: null,
}

/**
 * `conflict`: the state has changed, so the decision must be made again. `fenced`: another run took a source of the plan,
 * which now counts these events, so this run must end and must not acknowledge them. Nothing was written in both cases.
 */
export type CommitAnswer = 'ok' | 'conflict' | 'fenced'

export interface AppliedPlan {
  readonly answer: CommitAnswer
  /** Resolves when the plan is on disk. Nothing of it may be acknowledged or sent before. */
  readonly durable: Promise<void>
}
