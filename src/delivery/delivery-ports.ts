/** The ports that the composition root gives to delivery. */
import type { SystemFinding } from '../model/alerts/finding.ts'
import type { Metrics } from '../model/ports.ts'
import type { Store } from '../store/store.ts'
import type { SendPorts } from './send.ts'

export interface DeliveryPorts extends SendPorts {
  readonly store: Store
  /** Returns a number in [0, 1). */
  readonly random: () => number
  /** Returns milliseconds of a monotonic clock; the default is that of the process. */
  readonly monotonic?: () => number
  readonly metrics: Metrics
  /** What the other daemons of the store must know of this one, from the present project. */
  readonly cluster: () => { readonly generation: string; readonly orphanAfterMs: number }
  /** It is called after the outcome of a delivery that arrived was recorded. */
  readonly onDelivered?: () => void
  /** Admits findings about deliveries, which become alerts like any other. */
  readonly admit: (findings: SystemFinding[]) => Promise<void>
}
