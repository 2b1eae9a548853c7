/** The kinds of alert and the families they belong to. */

export const ALERT_KINDS = [
  'RULE',
  'SCHEDULED_RULE',
  'POLICY',
  'CORRELATION_RULE',
  'RULE_ERROR',
  'SCHEDULED_RULE_ERROR',
  'POLICY_ERROR',
  'CORRELATION_RULE_ERROR',
  'SYSTEM_ERROR',
  'ROUTE_ERROR',
  'HEARTBEAT',
] as const
export type AlertKind = (typeof ALERT_KINDS)[number]
export type AlertGroupName = 'ALERT' | 'DETECTION_ERROR' | 'SYSTEM'

/** Which family a kind belongs to; the first two are also names that `alertTypes` accepts. */
export function alertGroup(kind: AlertKind): AlertGroupName {
  if (kind === 'SYSTEM_ERROR' || kind === 'ROUTE_ERROR' || kind === 'HEARTBEAT') return 'SYSTEM'
  return kind.endsWith('_ERROR') ? 'DETECTION_ERROR' : 'ALERT'
}
