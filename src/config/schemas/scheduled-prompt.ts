/** scheduled_prompt: nothing of it runs here. */
import { BOOLEAN, closed, ID_TEXT, SCHEDULE, TEXT } from './field-forms.ts'

export const SCHEDULED_PROMPT_SCHEMA = closed(
  {
    AnalysisType: TEXT,
    PromptName: {
      type: 'string',
      pattern: '^[a-z][a-z0-9_]*$',
      form: 'lower-case letters, digits and _, beginning with a letter',
    },
    DisplayName: ID_TEXT,
    PromptText: TEXT,
    RunAsUser: { type: 'string', minLength: 1 },
    Schedule: SCHEDULE,
    Description: TEXT,
    OutputLength: { type: 'string', enum: ['small', 'medium', 'largest'] },
    Enabled: BOOLEAN,
    Private: { const: false },
  },
  ['AnalysisType', 'PromptName', 'DisplayName', 'PromptText', 'RunAsUser', 'Schedule'],
)
