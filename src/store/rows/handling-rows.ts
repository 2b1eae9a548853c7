/** Types of the rows about the handling of alerts. Times are epoch milliseconds. */
import type { HandlingRecord } from '../../model/alerts/handling.ts'
import type { StoredSilence } from '../../model/alerts/silence.ts'

/** One more decision about an alert. */
export interface NewHandling extends HandlingRecord {
  readonly alertId: string
}

/** An event of the alert that a silence hid. Of several events the last one is kept. */
export interface SilenceHit {
  readonly silenceId: string
  readonly alertId: string
  readonly at: number
}

/** What a silence has hidden. */
export interface SilenceHits {
  readonly silenceId: string
  readonly alerts: number
  readonly lastAt: number
}

export interface SilenceFilter {
  /** Silences that had ended at this time are left out. */
  readonly endsAfter?: number
  readonly limit: number
}

export type { HandlingRecord, StoredSilence }
