/** pack: a named list of ids of any type. */
import { closed, ID_TEXT, TEXT, TEXTS } from './field-forms.ts'

export const PACK_SCHEMA = closed(
  {
    AnalysisType: TEXT,
    PackID: ID_TEXT,
    PackDefinition: closed({ IDs: TEXTS }, ['IDs']),
    Description: TEXT,
    DisplayName: ID_TEXT,
  },
  ['AnalysisType', 'PackID', 'PackDefinition'],
)
