/** The key `digest` of a destination. */
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import { DURATION_SCHEMA } from '../../files/durations.ts'
import { closed, described, SEVERITY } from '../field-forms.ts'

const MAX_SHOWN_ALERTS = 200
const MAX_SENT_ALONE = 100

const KEY = {
  type: 'string',
  pattern: '^(?:detection|severity|logType|dedup|tag:.+|context:.+)$',
  form: 'detection, severity, logType, dedup, `tag:NAME` or `context:PATH`',
} as const

export const DIGEST = closed(
  {
    every: described('The time from the first gathered alert to the message.', DURATION_SCHEMA),
    by: described(
      'Alerts with the same values share a digest: detection, severity, logType, dedup, `tag:NAME` or `context:PATH`. `[]`: all share one. Without it: detection.',
      { type: 'array', uniqueItems: true, maxItems: 5, items: KEY },
    ),
    below: described('Alerts of this severity and above are sent at once. Without it: all are gathered.', {
      ...SEVERITY,
      choices: SEVERITIES,
    }),
    after: described('So many alerts within `every` are sent at once before the others are gathered.', {
      type: 'integer',
      minimum: 0,
      maximum: MAX_SENT_ALONE,
      default: 0,
    }),
    max: described('The greatest number of alerts that the message shows. The others are counted.', {
      type: 'integer',
      minimum: 1,
      maximum: MAX_SHOWN_ALERTS,
      default: 50,
    }),
  },
  ['every'],
)
