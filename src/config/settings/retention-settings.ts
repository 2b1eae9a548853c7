/** The key `retention` of signalbox.yaml. */
import type { RetentionSettings } from '../../model/project/settings.ts'
import { parseDuration } from '../files/durations.ts'

export interface DeclaredRetention {
  alerts?: string
  deliveries?: string
  audit?: string
  maxBytes?: number
}

/** The schema accepts only durations that can be read. */
export function retentionSettings(declared: DeclaredRetention = {}): RetentionSettings {
  const { alerts, deliveries, audit, maxBytes } = declared
  const msOf = (text: string | undefined) => (text === undefined ? null : parseDuration(text)!)
  return {
    alertsMs: msOf(alerts),
    deliveriesMs: msOf(deliveries),
    auditMs: msOf(audit),
    maxBytes: maxBytes ?? null,
  }
}
