/** Severity: the five levels, their order and how text becomes one. */

export const SEVERITIES = ['INFO', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const
export type Severity = (typeof SEVERITIES)[number]

/** The origin of an alert's severity: the metadata, or the detection's `severity()`. */
export type SeveritySource = 'static' | 'generated'

export interface DecidedSeverity {
  readonly value: Severity
  readonly source: SeveritySource
}

/** Any case is accepted; anything else is undefined. */
export function parseSeverity(text: string): Severity | undefined {
  const upper = text.toUpperCase()
  return SEVERITIES.find((severity) => severity === upper)
}

/** Negative when `a` is lower than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b)
}
