/** The catalog of reporters. A reporter is loaded when it is used. */
import type { ReporterModule } from './_reporter.ts'

export const REPORTERS: Readonly<Record<string, () => Promise<ReporterModule>>> = {
  pretty: () => import('./pretty.ts'),
  json: () => import('./json.ts'),
  junit: () => import('./junit.ts'),
  github: () => import('./github.ts'),
  tap: () => import('./tap.ts'),
}
