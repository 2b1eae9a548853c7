/** The source of events posted to `/events`. */
import type { Settlement } from '../model/events/event.ts'
import type { OutboundResponse } from '../model/ports.ts'
import type { FramedEvent, SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { type Frame, START_POSITION, toFramedEvent } from './framing/frame.ts'
import { Framer, frameWhole } from './framing/framer.ts'
import { postAddressOf } from './post/post-address.ts'
import type { PostRefusal } from './post/post-body.ts'
import { type PostFormat, receivePosts } from './post/post-endpoint.ts'

const MAX_BODY_EVENTS = 100_000

export default {
  scheme: 'http',
  summary: 'events posted to http://HOST:PORT/events, as JSON lines, a list or one object',
  open(spec) {
    refuseUnknownOptions(spec, [])
    const address = postAddressOf(
      spec,
      'use for example http://127.0.0.1:8080; clients post events to /events',
    )
    return {
      ends: false,
      resumes: false,
      run: (context: SourceContext) =>
        receivePosts({ source: spec.name, address, format: formatOf(spec, context.limits) }, context),
    }
  },
} satisfies SourceType

function formatOf({ unwrap }: SourceSpec, limits: SourceContext['limits']): PostFormat {
  return {
    path: '/events',
    refuse: refusalResponse,
    read(body, _request, key) {
      const framer = new Framer({ eventBytes: limits.eventBytes, unwrap }, START_POSITION)
      const frames = frameWhole(body, framer, MAX_BODY_EVENTS, limits.bodyBytes)
      if (frames === null) {
        const bounds = `${MAX_BODY_EVENTS} events or ${limits.bodyBytes} bytes of unwrapped events`
        return { status: 413, error: `the body exceeds ${bounds}: send fewer events per request` }
      }
      if (frames.length === 0) return { status: 400, error: 'the body contains no events' }
      const events = frames.map((frame) => withKey(frame, key))
      return { events, answer: (settlements) => responseTo(frames, settlements) }
    },
  }
}

/** Adds the keys that recognize a repeated event: its row id, and its position in a request with a key. */
function withKey(frame: Frame, key: string | null): FramedEvent {
  const event = { ...toFramedEvent(frame, null), dedupByRowId: true }
  if (key === null) return event
  const part = frame.part === undefined ? '' : `.${frame.part}`
  const position = frame.item === null ? frame.line : `${frame.line}@${frame.offset}${part}`
  return { ...event, dedupId: `${key}:${position}` }
}

function responseTo(frames: readonly Frame[], settlements: readonly Settlement[]): OutboundResponse {
  const rejected = settlements.flatMap((settlement, i) => {
    if (settlement.status !== 'rejected') return []
    const { line, item } = frames[i]!
    return { line, ...(item !== null && { item }), reason: settlement.reason }
  })
  const accepted = frames.length - rejected.length
  return { status: accepted === 0 ? 400 : 202, body: { accepted, rejected } }
}

/** Builds the response that accepts no event of the request. */
function refusalResponse({ status, error, headers = {} }: PostRefusal): OutboundResponse {
  return { status, headers, body: { accepted: 0, rejected: [], error } }
}
