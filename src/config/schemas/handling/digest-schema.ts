/** The keys `digest` and `group` of a destination. */
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import { DURATION_SCHEMA } from '../../files/durations.ts'
import { closed, described, SEVERITY } from '../field-forms.ts'

export const DEFAULT_GROUP_TIME = '10m'

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

export const GROUP = closed({
  by: described(
    'Alerts with the same values, and with the same severity, are a group: detection, severity, logType, dedup, `tag:NAME` or `context:PATH`. `[]`: all alerts of a severity. Without it: detection.',
    { type: 'array', uniqueItems: true, maxItems: 5, items: KEY },
  ),
  for: described('The time after the first alert in which others are updates of it.', {
    ...DURATION_SCHEMA,
    default: DEFAULT_GROUP_TIME,
  }),
})
