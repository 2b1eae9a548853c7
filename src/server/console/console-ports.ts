/** What the console needs: who may sign in, what there is to show, and what a person can do. The composition root provides it. */
import type { AlertAct } from '../../alerts/status-change.ts'
import type { RouteTable } from '../../model/alerts/route-table.ts'
import type { AlertMatch, Silence } from '../../model/alerts/silence.ts'
import type { Registry } from '../../model/project/destination.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { AlertRow, DeliveryRow, LimiterState, Store } from '../../store/store.ts'
import type { Streams } from '../api/change-stream.ts'

export interface Identity {
  /** The name of the token or the person, which the history of an alert shows. */
  readonly name: string
  readonly role: 'viewer' | 'operator'
}

/** The number of things in one period, by what the chart distinguishes. */
export interface Period {
  readonly from: number
  readonly counts: Readonly<Record<string, number>>
}

export interface ConsoleStatistics {
  readonly alertsByHour: readonly Period[]
  readonly alertsByDay: readonly Period[]
  /** The deliveries by their present state. */
  readonly deliveriesByHour: readonly Period[]
  /** The times from which on everything is counted. */
  readonly alertsFrom: number
  readonly deliveriesFrom: number
}

/** A silence with what it has hidden. */
export interface ShownSilence {
  readonly silence: Silence
  /** Who made it beside the files; null: it is of the project. */
  readonly createdBy: string | null
  /** The number of alerts. */
  readonly hits: number
  readonly lastHitAt: number | null
}

/** What a person asks for. The person is its owner. */
export interface WantedSilence {
  readonly match: AlertMatch
  /** null: all. */
  readonly destinations: readonly string[] | null
  readonly reason: string
  /** It may hide alerts of the severity CRITICAL. */
  readonly critical: boolean
}

export interface SilencePreview {
  /** The number of the newest alerts that were looked at. */
  readonly looked: number
  /** The alerts that the silence would have hidden, the severest first. */
  readonly hidden: readonly AlertRow[]
}

/** What is known of a detection beside its files. */
export interface DetectionFacts {
  readonly limiter: LimiterState | null
  /** The number of days that the figures are about. */
  readonly days: number
  readonly alertsPerDay: number
  readonly lastAlertAt: number | null
  readonly errors: number
  readonly verdicts: { readonly falsePositives: number; readonly resolved: number }
}

export type ConsoleStore = Pick<
  Store,
  | 'now'
  | 'alert'
  | 'audit'
  | 'findAlerts'
  | 'handling'
  | 'deliveries'
  | 'attempts'
  | 'countDeliveries'
  | 'backlog'
  | 'destinationState'
  | 'members'
  | 'isShared'
>

/** The result of an act: a sentence for the person, and whether it succeeded. */
export interface ActReport {
  readonly ok: boolean
  readonly sentence: string
}

/** Who acts, and the id of the form, by which the act is carried out once. */
export interface ConsoleActor {
  readonly name: string
  readonly requestId: string
}

export interface ConsoleActs {
  changeAlert(alertId: string, act: AlertAct, by: ConsoleActor): Promise<ActReport>
  resend(alertId: string, destinations: readonly string[], by: ConsoleActor): Promise<ActReport>
  retryDeliveries(ids: readonly string[], by: ConsoleActor): Promise<ActReport>
  testDestination(name: string, by: ConsoleActor): Promise<ActReport>
  resumeDestination(name: string, by: ConsoleActor): Promise<ActReport>
  unmute(detection: string, by: ConsoleActor): Promise<ActReport>
  addSilence(wanted: WantedSilence, forMs: number, by: ConsoleActor): Promise<ActReport>
  /** @param forMs the time from now to its new end. */
  extendSilence(id: string, forMs: number, by: ConsoleActor): Promise<ActReport>
  expireSilence(id: string, by: ConsoleActor): Promise<ActReport>
}

export interface ConsolePorts {
  /** The reason for which the store cannot be read now. */
  readonly unavailable: () => string | null
  readonly store: ConsoleStore
  readonly statistics: () => Promise<ConsoleStatistics>
  readonly registry: () => Registry
  readonly detections: () => ReadonlyMap<string, Detection>
  readonly detectionFacts: (ids: readonly string[]) => Promise<ReadonlyMap<string, DetectionFacts>>
  /** The names of the tests of a detection. */
  readonly testNames: (detection: string) => readonly string[]
  /** The newest deliveries that arrived, by the key of the destination, among the latest that were made. */
  readonly newestDelivered: () => Promise<ReadonlyMap<string, DeliveryRow>>
  /** Those of the project and those of people; some that have ended, too. */
  readonly silences: () => Promise<readonly ShownSilence[]>
  /** What a silence would have hidden of the last 30 days. */
  readonly previewSilence: (wanted: Pick<WantedSilence, 'match' | 'destinations'>) => Promise<SilencePreview>
  readonly routes: () => RouteTable
  /** The advice for a destination that is paused. */
  readonly pauseHint: (destination: string) => string
  readonly acts: ConsoleActs
  /** The streams of changes, which the API shares. */
  readonly streams: Pick<Streams, 'isFull' | 'open'>
}
