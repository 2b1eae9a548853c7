/** The schemas of the API: they check requests, shape answers, and are the OpenAPI document. Only additions are made. */
import Type, { type Static, type TProperties, type TSchema } from 'typebox'
import { CLOSED_REASONS, STATUS_NAMES } from '../../model/alerts/alert-status.ts'
import { SEVERITIES } from '../../model/alerts/severity.ts'
import { ROLES } from '../../model/project/api-settings.ts'
import { DELIVERY_STATES, MIN_SEARCHED_CHARS } from '../../store/store.ts'

export const MAX_PAGE_ALERTS = 500
const MAX_TEXT_CHARS = 256
const MAX_NOTE_CHARS = 2_000
const MAX_ASSIGNEE_CHARS = 64

const closed = <P extends TProperties>(properties: P, more: object = {}) =>
  Type.Object(properties, { additionalProperties: false, ...more })
/** Controls are no part of a text that is searched for. */
const line = (minLength: number, maxLength: number, description: string) =>
  Type.String({ minLength, maxLength, pattern: '^[^\\u0000-\\u001f]*$', description })
const oneOf = <T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description })
const nullable = (schema: object) => ({ ...schema, type: ['string', 'null'] })
const time = (description: string) => Type.String({ format: 'date-time', description })
export const reference = <S extends TSchema>(schema: S) =>
  Type.Unsafe<Static<S>>({ $ref: `${(schema as { $id?: string }).$id}#` })
const list = <T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number][]>({
    type: 'array',
    items: { type: 'string', enum: [...values] },
    maxItems: values.length,
    description,
  })

const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'The code that programs compare.' }),
    title: Type.String({ description: 'What is wrong.' }),
    hint: Type.Optional(Type.String({ description: 'What can be done.' })),
  },
  { $id: 'Problem' },
)

const AlertSchema = Type.Object(
  {
    id: Type.String(),
    detection: Type.String(),
    kind: Type.String(),
    severity: oneOf(SEVERITIES, 'The severity.'),
    title: Type.String(),
    dedup: Type.String(),
    createdAt: time('The time of the creation.'),
    status: oneOf(STATUS_NAMES, 'The status.'),
    reason: Type.Unsafe<string | null>(nullable({ description: 'Why the alert is resolved.' })),
    assignee: Type.String({ description: 'Who cares for the alert; empty: no one.' }),
    version: Type.Integer({
      description: 'It rises with each change of the status. It is the ETag of the alert, too.',
    }),
    events: Type.Integer(),
    lastEventAt: time('The time of the last event.'),
    logTypes: Type.Array(Type.String()),
    route: Type.Object({
      level: Type.String(),
      destinations: Type.Array(Type.String()),
      suppressed: Type.Boolean(),
    }),
    notification: Type.Optional(
      Type.String({ description: 'The exact JSON text of the notification, with include=notification.' }),
    ),
    links: Type.Object({ self: Type.String(), audit: Type.String(), deliveries: Type.String() }),
  },
  { $id: 'Alert' },
)

const AuditSchema = Type.Object(
  {
    seq: Type.Integer({ description: 'Later rows have higher numbers.' }),
    at: time('The time of the change.'),
    actor: Type.String(),
    via: Type.String(),
    verb: Type.String(),
    subject: Type.Object({ kind: Type.String(), id: Type.String() }),
    before: Type.String(),
    after: Type.String(),
    note: Type.String(),
  },
  { $id: 'AuditRow' },
)

const DeliverySchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    destination: Type.String(),
    state: oneOf(DELIVERY_STATES, 'The state.'),
    alertIds: Type.Array(Type.String()),
    createdAt: time('The time of the creation.'),
    due: time('The time from which it is sent.'),
    attempts: Type.Integer(),
    reason: Type.String({ description: 'Why this destination gets it.' }),
    message: Type.String({ description: 'The last answer.' }),
    history: Type.Optional(
      Type.Array(
        Type.Object({
          n: Type.Integer(),
          at: time('The time of the attempt.'),
          status: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
          ms: Type.Number(),
          outcome: Type.String(),
          message: Type.String(),
        }),
      ),
    ),
  },
  { $id: 'Delivery' },
)

const DestinationSchema = Type.Object(
  {
    name: Type.String(),
    type: Type.String(),
    enabled: Type.Boolean(),
    state: oneOf(['ready', 'paused', 'held', 'disabled'] as const, 'What it does with deliveries now.'),
    pausedSince: Type.Unsafe<string | null>(nullable({ format: 'date-time' })),
    pausedReason: Type.String(),
    heldUntil: Type.Unsafe<string | null>(nullable({ format: 'date-time' })),
    waiting: Type.Integer({ description: 'Deliveries that are not delivered yet.' }),
    dead: Type.Integer(),
  },
  { $id: 'Destination' },
)

const DetectionSchema = Type.Object(
  {
    id: Type.String(),
    enabled: Type.Boolean(),
    severity: Type.String(),
    logTypes: Type.Array(Type.String()),
    tags: Type.Array(Type.String()),
    mutedSince: Type.Unsafe<string | null>(nullable({ format: 'date-time' })),
  },
  { $id: 'Detection' },
)

export const SHARED_SCHEMAS = [
  ProblemSchema,
  AlertSchema,
  AuditSchema,
  DeliverySchema,
  DestinationSchema,
  DetectionSchema,
] as const

export const Problem = reference(ProblemSchema)
export const Alert = reference(AlertSchema)
export const AuditRow = reference(AuditSchema)
export const Delivery = reference(DeliverySchema)
export const Destination = reference(DestinationSchema)
export const Detection = reference(DetectionSchema)

const page = { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE_ALERTS, default: 50 })) }

export const AlertListQuery = closed({
  ...page,
  q: Type.Optional(
    line(MIN_SEARCHED_CHARS, MAX_TEXT_CHARS, 'A part of the title, dedup string, detection or a tag.'),
  ),
  status: Type.Optional(list(STATUS_NAMES, 'One or more statuses.')),
  severity: Type.Optional(list(SEVERITIES, 'One or more severities.')),
  detection: Type.Optional(line(1, MAX_TEXT_CHARS, 'The id of a detection.')),
  destination: Type.Optional(line(1, MAX_TEXT_CHARS, 'The name of a destination of the route.')),
  tag: Type.Optional(line(1, MAX_TEXT_CHARS, 'A whole tag.')),
  assignee: Type.Optional(line(1, MAX_ASSIGNEE_CHARS, 'Who cares for the alert.')),
  silenced: Type.Optional(
    Type.Boolean({ description: 'True: only alerts that a silence hid from a destination.' }),
  ),
  silencedBy: Type.Optional(
    line(1, MAX_TEXT_CHARS, 'The id of a silence that hid the alert from a destination.'),
  ),
  since: Type.Optional(time('Alerts that were created then or later.')),
  until: Type.Optional(time('Alerts that were created before.')),
  cursor: Type.Optional(
    Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9_-]+$', description: '`next` of the page before.' }),
  ),
})
export const AlertList = Type.Object({
  alerts: Type.Array(Alert),
  next: Type.Unsafe<string | null>(
    nullable({ description: 'The cursor of the next page; null: this is the last one.' }),
  ),
})
export const AlertQueryString = closed({
  include: Type.Optional(oneOf(['notification'] as const, 'What is added.')),
})
export const AuditQuery = closed({ ...page, after: Type.Optional(Type.Integer({ minimum: 0 })) })
export const DeliveryQuery = closed({
  ...page,
  state: Type.Optional(list(DELIVERY_STATES, 'One or more states.')),
  destination: Type.Optional(line(1, MAX_TEXT_CHARS, 'The name of a destination.')),
})
export const IdParams = closed({ id: Type.String({ minLength: 1, maxLength: MAX_TEXT_CHARS }) })
export const WriteHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: '^[\\x21-\\x7e]+$',
      description: 'The request is carried out once.',
    }),
  ),
  'if-match': Type.Optional(
    Type.String({ pattern: '^"\\d{1,15}"$', description: 'The ETag that the alert must have.' }),
  ),
})

const note = Type.Optional(
  Type.String({ maxLength: MAX_NOTE_CHARS, description: 'A comment that the history keeps.' }),
)
const assignee = Type.String({
  maxLength: MAX_ASSIGNEE_CHARS,
  description: 'Who cares for the alert; empty: no one.',
})
export const BODIES = {
  acknowledge: closed({ note, assignee: Type.Optional(assignee) }),
  resolve: closed({ note, reason: oneOf(CLOSED_REASONS, 'Why the alert is over.') }),
  reopen: closed({ note }),
  comment: closed({ note: Type.String({ minLength: 1, maxLength: MAX_NOTE_CHARS }) }),
  assign: closed({ note, assignee }),
  resend: closed({
    destinations: Type.Optional(Type.Array(line(1, MAX_TEXT_CHARS, 'A destination.'), { maxItems: 100 })),
  }),
  nothing: closed({}),
} as const

export const Me = Type.Object({
  name: Type.String(),
  role: oneOf(ROLES, 'What the caller may do.'),
  by: Type.String(),
})
