/** Which deliveries a reader of a store asks for. */
import type { DeliveryRow, DeliveryState } from './rows/delivery-rows.ts'

export interface DeliveryFilter {
  readonly id?: string
  readonly states?: readonly DeliveryState[]
  readonly kind?: DeliveryRow['kind']
  /** The name or key of a destination. */
  readonly destination?: string
  readonly alertId?: string
  /** A delivery is left out if the same alert has another one whose reason begins with this text. */
  readonly unlessBeside?: string
  /** The keys of destinations. A delivery is left out if each of them has a delivery of the same alert. */
  readonly missingAt?: readonly string[]
  /** The time of creation, both ends included. The oldest deliveries come first. */
  readonly created?: { readonly from: number; readonly until: number }
  readonly limit: number
}
