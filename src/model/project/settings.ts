/** Settings of signalbox.yaml, complete with their defaults. */
import type { ApiSettings } from './api-settings.ts'
import type { HooksSettings } from './hook-settings.ts'
import type { LintCode } from './lint.ts'
import type { TrustRule } from './trust-group.ts'
import type { WarningPolicy } from './warning-policy.ts'

export interface ClassificationMatcher {
  readonly logType: string
  /** Dotted field path -> exact text; all must hold. `*` matches any present value. */
  readonly match: Readonly<Record<string, string>>
}

export interface Limits {
  /** Milliseconds that one detection may take on one event. */
  readonly timeMs: number
  /** Bytes of printed output kept per detection and batch. */
  readonly outputBytes: number
  /** Kills after which a detection is quarantined. */
  readonly quarantineAfter: number
  /** Bytes of one event. */
  readonly eventBytes: number
  /** Levels of nesting in one event. */
  readonly eventDepth: number
  /** Digits of one number in an event. */
  readonly numberDigits: number
}

/** How daemons that share a store work together. */
export interface ClusterSettings {
  /** A partition of a daemon that was killed is free after this time. */
  readonly leaseMs: number
  /** Bytes of raw text that all partitions of a daemon have in flight. */
  readonly inFlightBytes: number
  /** Deliveries are orphaned if no daemon has known their destination for so long. */
  readonly orphanAfterMs: number
}

/** How long what is done stays in the store; null: for ever. */
export interface RetentionSettings {
  /** Resolved alerts, with all that belongs to them. */
  readonly alertsMs: number | null
  /** Deliveries of resolved alerts. */
  readonly deliveriesMs: number | null
  /** Rows of the audit whose alert is not in the store. */
  readonly auditMs: number | null
  /** If the store is larger, the oldest resolved alerts are removed. */
  readonly maxBytes: number | null
}

export interface Settings {
  readonly sources: readonly string[]
  readonly classification: readonly ClassificationMatcher[]
  readonly store: string | null
  /** Number of Python workers, of each trust group. */
  readonly workers: number | null
  /** Which packs run apart from the rest. */
  readonly trust: readonly TrustRule[]
  readonly limits: Limits
  readonly cluster: ClusterSettings
  readonly retention: RetentionSettings
  readonly api: ApiSettings
  readonly hooks: HooksSettings
  /** `{alertId}` and `{detectionId}` are replaced; empty: links are "". */
  readonly alertUrl: string
  /** Absolute paths of folders and wheels of pure-Python packages; earlier ones win. */
  readonly pythonPaths: readonly string[]
  /** Codes of routing lint that are not looked for. */
  readonly lintOff: readonly LintCode[]
  readonly warnings: WarningPolicy
  /** File to which rejected events are appended; null: beside the store, or none where the store is in memory. */
  readonly rejects: string | null
  /** The id of the host; null: it is kept in a file. All hosts share the project, so only the environment sets it. */
  readonly hostId: string | null
}

export const HOST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
export const HOST_ID_FORM = 'up to 64 letters, digits, dots, underscores and hyphens'

export const DEFAULT_SETTINGS: Settings = {
  sources: [],
  classification: [],
  store: null,
  workers: null,
  trust: [],
  limits: {
    timeMs: 2_000,
    outputBytes: 64 * 1024,
    quarantineAfter: 3,
    eventBytes: 4 * 1024 * 1024,
    eventDepth: 200,
    numberDigits: 400,
  },
  cluster: { leaseMs: 10_000, inFlightBytes: 64 * 1024 * 1024, orphanAfterMs: 120_000 },
  retention: { alertsMs: null, deliveriesMs: null, auditMs: null, maxBytes: null },
  api: { tokens: [], identity: null, publicUrl: null },
  hooks: {},
  alertUrl: '',
  pythonPaths: [],
  lintOff: [],
  warnings: { error: [], off: [] },
  rejects: null,
  hostId: null,
}
