/** The source of log records of OpenTelemetry, posted to `/v1/logs`. */
import { messageOf } from '../errors.ts'
import type { Settlement } from '../model/events/event.ts'
import type { InboundRequest, OutboundResponse } from '../model/ports.ts'
import type { FramedEvent, SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { START_POSITION } from './framing/frame.ts'
import { Framer, frameWhole } from './framing/framer.ts'
import type { LogEvent } from './otlp-records/log-event.ts'
import { jsonLogEvents } from './otlp-records/otlp-json.ts'
import { protobufAnswer, protobufLogEvents, protobufStatus } from './otlp-records/otlp-protobuf.ts'
import { postAddressOf } from './post/post-address.ts'
import type { PostRefusal } from './post/post-body.ts'
import { type PostFormat, receivePosts } from './post/post-endpoint.ts'

const MAX_BODY_EVENTS = 100_000
/** The resource is in each of its events, so that they are larger than the body. */
const MAX_GROWTH = 4
const PROTOBUF = 'application/x-protobuf'

export default {
  scheme: 'otlp',
  summary: 'log records of OpenTelemetry posted to otlp://HOST:PORT, as JSON or protobuf',
  open(spec) {
    refuseUnknownOptions(spec, [])
    const address = postAddressOf(spec, 'use for example otlp://127.0.0.1:4318; clients post to /v1/logs')
    return {
      ends: false,
      resumes: false,
      run: (context: SourceContext) =>
        receivePosts({ source: spec.name, address, format: formatOf(spec, context.limits) }, context),
    }
  },
} satisfies SourceType

type Limits = SourceContext['limits']

function formatOf({ unwrap }: SourceSpec, limits: Limits): PostFormat {
  return {
    path: '/v1/logs',
    refuse: refusalResponse,
    read(body, request, key) {
      const encoding = encodingOf(request)
      if (encoding === null)
        return { status: 415, error: `the content type must be application/json or ${PROTOBUF}` }
      const events: FramedEvent[] = []
      try {
        const records = encoding === 'json' ? jsonLogEvents(body) : protobufLogEvents(body)
        if (!collect(records, { events, unwrap, key, limits })) {
          return {
            status: 413,
            error: `the body exceeds ${MAX_BODY_EVENTS} records, or their events are too large`,
          }
        }
      } catch (cause) {
        return { status: 400, error: `the body is not a request of OTLP: ${messageOf(cause)}` }
      }
      return { events, answer: (settlements) => responseTo(settlements, request) }
    },
  }
}

function encodingOf({ headers }: InboundRequest): 'json' | 'protobuf' | null {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  return type === PROTOBUF ? 'protobuf' : null
}

interface Collection {
  readonly events: FramedEvent[]
  readonly unwrap: string | null
  readonly key: string | null
  readonly limits: Limits
}

/** Returns false for too many events. */
function collect(records: Iterable<LogEvent>, { events, unwrap, key, limits }: Collection): boolean {
  let number = 0
  let chars = 0
  for (const record of records) {
    number++
    for (const event of eventsOf(record, number, key, { unwrap, eventBytes: limits.eventBytes })) {
      events.push(event)
      chars += event.raw.length
    }
    if (number > MAX_BODY_EVENTS || events.length > MAX_BODY_EVENTS) return false
    if (chars > MAX_GROWTH * limits.bodyBytes) return false
  }
  return true
}

/** Returns the record as an event, or the events that `?unwrap=` finds in it. */
function eventsOf(
  { raw, refused, uid }: LogEvent,
  number: number,
  key: string | null,
  rules: { unwrap: string | null; eventBytes: number },
): FramedEvent[] {
  const position = `record ${number}`
  const keyed = (event: { raw: string; refused?: string }, part: string): FramedEvent => ({
    raw: event.raw,
    position,
    dedupByRowId: true,
    ...(event.refused !== undefined && { refused: event.refused }),
    ...(key !== null && { dedupId: `${key}:${number}${part}` }),
    ...(key === null && uid !== null && { dedupId: `log.record.uid:${uid}${part}` }),
  })
  if (refused !== undefined) return [keyed({ raw, refused }, '')]
  if (rules.unwrap === null) return [keyed({ raw }, '')]
  const frames = frameWhole(Buffer.from(raw), new Framer(rules, START_POSITION), MAX_BODY_EVENTS)
  if (frames === null) return [keyed({ raw, refused: `the record exceeds ${MAX_BODY_EVENTS} events` }, '')]
  return frames.map((frame, part) => keyed(frame, `.${part}`))
}

/** The records that are not rejected are stored. A client must not send the others again. */
function responseTo(settlements: readonly Settlement[], request: InboundRequest): OutboundResponse {
  const reasons = settlements.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  const [errorMessage = ''] = reasons
  if (encodingOf(request) === 'protobuf') {
    const body = protobufAnswer(reasons.length, errorMessage)
    return { status: 200, headers: { 'content-type': PROTOBUF }, body }
  }
  const partialSuccess = { rejectedLogRecords: String(reasons.length), errorMessage }
  return { status: 200, body: reasons.length === 0 ? {} : { partialSuccess } }
}

function refusalResponse(
  { status, error, headers = {} }: PostRefusal,
  request: InboundRequest | null,
): OutboundResponse {
  if (request === null || encodingOf(request) !== 'protobuf')
    return { status, headers, body: { message: error } }
  return { status, headers: { ...headers, 'content-type': PROTOBUF }, body: protobufStatus(error) }
}
