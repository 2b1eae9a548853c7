/** The schemas of silences and routes in the API. Only additions are made. */
import Type, { type Static, type TProperties } from 'typebox'
import { ALERT_KINDS } from '../../model/alerts/alert-kind.ts'
import { EVIDENCE } from '../../model/alerts/route-table.ts'
import { SEVERITIES } from '../../model/alerts/severity.ts'
import { Alert, reference } from './api-schemas.ts'

const MAX_GLOBS = 100
const MAX_CONTEXT_PATHS = 10
const MAX_GLOB_CHARS = 1_000
const MAX_TEXT_CHARS = 2_000
const MAX_SECONDS = 90 * 86_400

const closed = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })
const globs = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: MAX_GLOB_CHARS }), {
      minItems: 1,
      maxItems: MAX_GLOBS,
      description,
    }),
  )
const oneOf = <T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description })
const timeOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description })

/** Shared schemas are named once, so that a generated client has one type of each. */
const MatchSchema = Type.Object(
  {
    detections: globs('Globs of the ids of detections.'),
    severities: Type.Optional(
      Type.Array(oneOf(SEVERITIES, 'A severity.'), { minItems: 1, maxItems: SEVERITIES.length }),
    ),
    logTypes: globs('Globs of the log types of the alert.'),
    tags: globs('Globs of the tags of the detection.'),
    alertTypes: Type.Optional(
      Type.Array(oneOf(ALERT_KINDS, 'A kind of alert.'), { minItems: 1, maxItems: ALERT_KINDS.length }),
    ),
    title: globs('Globs of the title.'),
    context: Type.Optional(
      Type.Unsafe<Record<string, string[]>>({
        type: 'object',
        minProperties: 1,
        maxProperties: MAX_CONTEXT_PATHS,
        additionalProperties: {
          type: 'array',
          minItems: 1,
          maxItems: MAX_GLOBS,
          items: { type: 'string', minLength: 1, maxLength: MAX_GLOB_CHARS },
        },
        description: 'Paths in the alert context, each with globs of the value there.',
      }),
    ),
  },
  { $id: 'SilenceMatch', additionalProperties: false },
)
const Match = reference(MatchSchema)

const SilenceSchema = Type.Object(
  {
    id: Type.String(),
    origin: oneOf(['file', 'store'] as const, 'Where it is kept.'),
    state: oneOf(['planned', 'active', 'ended'] as const, 'Whether it is in force.'),
    from: timeOrNull('When it begins; null: it has always been in force.'),
    until: Type.String({ format: 'date-time', description: 'When it ends.' }),
    reason: Type.String(),
    owner: Type.String(),
    match: Match,
    except: Type.Unsafe<Static<typeof MatchSchema> | null>({
      anyOf: [{ $ref: 'SilenceMatch#' }, { type: 'null' }],
    }),
    destinations: Type.Unsafe<string[] | null>({
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'Where it hides alerts; null: everywhere.',
    }),
    alerts: Type.Integer({ description: 'The number of alerts that it hid.' }),
    lastAt: timeOrNull('The time of the last event that it hid.'),
    createdBy: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Who made it; null: it is of the file.',
    }),
  },
  { $id: 'Silence' },
)
export const Silence = reference(SilenceSchema)

export const SILENCE_SHARED_SCHEMAS = [MatchSchema, SilenceSchema] as const

const texts = (description: string) => Type.String({ minLength: 1, maxLength: MAX_TEXT_CHARS, description })
const seconds = Type.Integer({
  minimum: 1,
  maximum: MAX_SECONDS,
  description: 'Seconds from now to its end.',
})

export const SilenceListQuery = closed({
  ended: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 366 * 86_400,
      description: 'Silences that ended within so many seconds are listed, too.',
    }),
  ),
})
export const SilenceList = Type.Object({ silences: Type.Array(Silence) })

export const SILENCE_BODIES = {
  add: closed({
    match: Match,
    except: Type.Optional(Match),
    destinations: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: MAX_GLOBS }),
    ),
    for: seconds,
    reason: texts('Why the alerts are not sent.'),
    owner: Type.Optional(texts('Who answers for it; absent: the caller.')),
    everything: Type.Optional(Type.Boolean({ description: 'True: it may hide every alert.' })),
    critical: Type.Optional(
      Type.Boolean({ description: 'True: it may hide alerts of the severity CRITICAL.' }),
    ),
  }),
  extend: closed({ for: seconds }),
  preview: closed({
    match: Match,
    except: Type.Optional(Match),
    since: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 366 * 86_400,
        description: 'The age of the alerts that are looked at, in seconds; absent: 30 days.',
      }),
    ),
  }),
} as const

export const SilencePreview = Type.Object({
  looked: Type.Integer({ description: 'The number of alerts that were looked at, the newest ones.' }),
  hidden: Type.Integer({ description: 'The number of those that it would have hidden.' }),
  alerts: Type.Array(Alert, { description: 'At most 100 of these, the severest first.' }),
})

export const RouteList = Type.Object({
  routes: Type.Array(
    Type.Object({
      detection: Type.String(),
      logTypes: Type.Array(Type.String()),
      severity: oneOf(SEVERITIES, 'The severity.'),
      level: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: 'The rule that decides; null: only a run can show it.',
      }),
      destinations: Type.Array(Type.String()),
      suppressed: Type.Boolean(),
      evidence: oneOf(EVIDENCE, 'From the surest to the least sure.'),
    }),
  ),
  silent: Type.Array(Type.Object({ detection: Type.String(), reason: Type.String() })),
})
