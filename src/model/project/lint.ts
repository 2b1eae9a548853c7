/** Routing lint: what is well-formed and still most likely a mistake. Each code is explained in docs/routing.md. */
export const LINT_CODES = [
  'unknown-destination',
  'reaches-nobody',
  'untaken-severity',
  'unreachable-destination',
  'shadowed-severity',
  'skip-mixed',
  'varying-destinations',
  'unreferenced-id',
] as const
export type LintCode = (typeof LINT_CODES)[number]
