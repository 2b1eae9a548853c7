/** What the page of an alert shows. */
import type { AlertRow, Attempt, AuditRow, DeliveryRow, HandlingRecord } from '../../../store/store.ts'

export interface AlertDetail {
  readonly alert: AlertRow
  readonly deliveries: readonly (DeliveryRow & { readonly history: readonly Attempt[] })[]
  /** The decisions after the route, the earliest first. */
  readonly handling: readonly HandlingRecord[]
  readonly audit: readonly AuditRow[]
  /** The names of the destinations that can get it again. */
  readonly recipients: readonly string[]
}

/** What was wrong with the last form, which it shows again. */
export interface ActError {
  readonly verb: string
  readonly sentence: string
}
