/** Silences: rules that keep matching alerts from being sent until a time. */
import type { AlertKind } from './alert-kind.ts'
import type { Severity } from './severity.ts'

/** Conditions on an alert. Every list that is given must contain an entry that matches. Texts are globs. */
export interface AlertMatch {
  readonly detections?: readonly string[]
  readonly severities?: readonly Severity[]
  readonly logTypes?: readonly string[]
  readonly tags?: readonly string[]
  /** The kinds of alert, groups expanded. */
  readonly alertTypes?: readonly AlertKind[]
  readonly title?: readonly string[]
  /** A path in the alert context -> globs of its value. */
  readonly context?: Readonly<Record<string, readonly string[]>>
}

export interface Silence {
  readonly id: string
  /** Epoch ms; null: it has always been in force. */
  readonly from: number | null
  /** The first ms at which it is not in force any more. */
  readonly until: number
  readonly reason: string
  readonly owner: string
  readonly match: AlertMatch
  /** What matches this is not hidden. */
  readonly except: AlertMatch | null
  /** The names of the destinations at which it hides alerts; null: all. */
  readonly destinations: readonly string[] | null
}

/** A silence that a person made beside the files of the project. */
export interface StoredSilence {
  readonly silence: Silence
  /** It rises with every change, so that a commit can compare it. */
  readonly version: number
  readonly createdAt: number
  readonly createdBy: string
}
