/** silences.yaml. */
import { ALERT_KINDS } from '../../model/alerts/alert-kind.ts'
import { SEVERITIES } from '../../model/alerts/severity.ts'
import { DURATION_SCHEMA } from '../files/durations.ts'
import { TIME_SCHEMA } from '../files/times.ts'
import { BOOLEAN, closed, described, SEVERITY, TEXT } from './field-forms.ts'

const MAX_SILENCES = 1_000
const MAX_INHIBITIONS = 100
const MAX_EQUAL_PATHS = 10
const MAX_GLOBS = 100
const MAX_CONTEXT_PATHS = 10
export const DEFAULT_MAX_DAYS = 90

const GLOBS = { type: 'array', minItems: 1, maxItems: MAX_GLOBS, items: { ...TEXT, minLength: 1 } } as const
const STATED = { type: 'string', pattern: '\\S', form: 'a text that is not empty' } as const

/** Conditions on an alert. Each list that is given must contain an entry that matches. */
const ALERT_MATCH_SCHEMA = closed(
  {
    detections: described('Globs of the ids of detections.', GLOBS),
    severities: described('Severities of the alert.', {
      type: 'array',
      minItems: 1,
      items: { ...SEVERITY, choices: SEVERITIES },
    }),
    logTypes: described('Globs of the log types of the alert, or of the resource types of a policy.', GLOBS),
    tags: described('Globs of the tags of the detection.', GLOBS),
    alertTypes: described('Types of alert, or groups of them. Without it: ALERT, which is no error.', {
      type: 'array',
      minItems: 1,
      items: { type: 'string', enum: ['ALERT', 'DETECTION_ERROR', ...ALERT_KINDS] },
    }),
    title: described('Globs of the title of the alert.', GLOBS),
    context: described('Paths in the alert context, each with globs of the value there.', {
      type: 'object',
      minProperties: 1,
      maxProperties: MAX_CONTEXT_PATHS,
      additionalProperties: GLOBS,
    }),
  },
  [],
  { minProperties: 1 },
)

const SILENCE_SCHEMA = closed(
  {
    id: described('The id. It is unique, and does not begin with "s-".', {
      type: 'string',
      pattern: '^(?!s-)[a-z0-9][a-z0-9-]{0,63}$',
      form: 'lower-case letters, digits and hyphens, not beginning with "s-"',
    }),
    from: described('When it begins. Without it: it is in force already.', TIME_SCHEMA),
    until: described('When it ends.', TIME_SCHEMA),
    reason: described('Why the alerts are not sent.', STATED),
    owner: described('Who answers for it.', STATED),
    match: described('The alerts that it hides. All keys that are given must match.', ALERT_MATCH_SCHEMA),
    except: described(
      'The alerts that it does not hide. All keys that are given must match.',
      ALERT_MATCH_SCHEMA,
    ),
    destinations: described('The destinations at which it hides alerts. Without it: all.', {
      ...GLOBS,
      uniqueItems: true,
    }),
    everything: described('true: it may hide every alert.', { ...BOOLEAN, default: false }),
    critical: described('true: it may hide alerts of the severity CRITICAL.', { ...BOOLEAN, default: false }),
  },
  ['id', 'until', 'reason', 'owner', 'match'],
)

const INHIBITION_SCHEMA = closed(
  {
    id: described('The id. It is unique among the inhibitions.', {
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
      form: 'lower-case letters, digits and hyphens',
    }),
    when: described('While an alert that matches this is not resolved, it hides others.', ALERT_MATCH_SCHEMA),
    hide: described('The alerts that are hidden meanwhile.', ALERT_MATCH_SCHEMA),
    equal: described(
      'Paths in the alert context, or `title`, whose values must be the same in both alerts.',
      {
        type: 'array',
        maxItems: MAX_EQUAL_PATHS,
        uniqueItems: true,
        items: { ...TEXT, minLength: 1 },
      },
    ),
    for: described('How long after its creation an alert hides others, 24h at most.', DURATION_SCHEMA),
  },
  ['id', 'when', 'hide', 'for'],
)

export const SILENCES_SCHEMA = closed(
  {
    version: described('The version of the format. It is always 1.', { const: 1 }),
    maxDays: described('How many days ahead a silence may end.', {
      type: 'integer',
      minimum: 1,
      maximum: 366,
      default: DEFAULT_MAX_DAYS,
    }),
    silences: described('The silences.', { type: 'array', maxItems: MAX_SILENCES, items: SILENCE_SCHEMA }),
    inhibitions: described('Rules by which open alerts hide others.', {
      type: 'array',
      maxItems: MAX_INHIBITIONS,
      items: INHIBITION_SCHEMA,
    }),
  },
  ['version'],
)
