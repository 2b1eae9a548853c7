/** Rows that are held under a lease, with the alerts that they are about. */
import type { JsonText } from '../core/exact-json.ts'
import type { AlertRow } from './commit-plan.ts'
import type { DeliveryRow } from './rows/delivery-rows.ts'
import type { EscalationRow } from './rows/escalation-rows.ts'

/** A delivery held under a lease. */
export interface ClaimedDelivery {
  readonly delivery: DeliveryRow
  readonly leaseToken: string
  /**
   * An attempt was made before, or may have been: its lease ran out, or it is older than a time at which the store could
   * have lost leases.
   */
  readonly repeated: boolean
  readonly alerts: readonly AlertRow[]
  /** The remote reference of the delivery that an update belongs to; null: there is none, or it is no update. */
  readonly firstReference: JsonText | null
  /** The send may end the pause of its destination. */
  readonly isProbe: boolean
}

/** A row of an escalation that is held under a lease. */
export interface ClaimedEscalation {
  readonly escalation: EscalationRow
  readonly leaseToken: string
  readonly alert: AlertRow
}
