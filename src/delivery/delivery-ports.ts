/** What the room is handed by the daemon. */
import type { SystemFinding } from '../model/alerts/finding.ts'
import type { Metrics } from '../model/ports.ts'
import type { Store } from '../store/store.ts'
import type { SendPorts } from './send.ts'

export interface DeliveryPorts extends SendPorts {
  readonly store: Store
  /** In [0, 1). */
  readonly random: () => number
  readonly metrics: Metrics
  /** The one way in for findings: what delivery has to say becomes alerts like any other. */
  readonly admit: (findings: SystemFinding[]) => Promise<void>
}
