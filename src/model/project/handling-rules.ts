/** The rules of handling that the files of a project declare. */
import type { Silence } from '../alerts/silence.ts'

export interface HandlingRules {
  readonly silences: readonly Silence[]
}

export const NO_HANDLING_RULES: HandlingRules = { silences: [] }
