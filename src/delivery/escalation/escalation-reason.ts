/** The reason of deliveries that an escalation makes. It shows which status ends their purpose. Pure. */
import { durationText } from '../../core/duration-text.ts'
import { type AlertStatus, statusText } from '../../model/alerts/alert-status.ts'
import type { DeliveryRow } from '../../store/store.ts'

const PREFIX = 'escalation of '
const UNLESS_RESOLVED = ' without a resolve'
const UNLESS_ACKNOWLEDGED = ' without an acknowledge'

export function escalationReason(
  destination: string,
  { unless, afterMs }: { readonly unless: 'acknowledged' | 'resolved'; readonly afterMs: number },
): string {
  const missing = unless === 'resolved' ? UNLESS_RESOLVED : UNLESS_ACKNOWLEDGED
  return `${PREFIX}${destination}: ${durationText(afterMs)}${missing}`
}

function isEscalated({ reason }: Pick<DeliveryRow, 'reason'>): boolean {
  return reason.startsWith(PREFIX)
}

/** Returns the reason for which an escalation must not be sent any more; null: it must be sent, or is no escalation. */
export function endOfEscalation(delivery: Pick<DeliveryRow, 'reason'>, status: AlertStatus): string | null {
  if (!isEscalated(delivery) || status.status === 'open') return null
  if (status.status === 'acknowledged' && delivery.reason.endsWith(UNLESS_RESOLVED)) return null
  return `${statusText(status)}, by ${status.changedBy}, before it was sent`
}
