/** The colours of severities, as in Panther. */
import type { Severity } from '../../model/alerts/severity.ts'

export const COLOURS: Readonly<Record<Severity, string>> = {
  INFO: '#47b881',
  LOW: '#f7d154',
  MEDIUM: '#d9822b',
  HIGH: '#cb2e2e',
  CRITICAL: '#425a70',
}
