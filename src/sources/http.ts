/** The source of events posted to `/events`. A 202 follows the commit, so a client need not keep accepted events. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { messageOf, UserError } from '../errors.ts'
import type { Settlement } from '../model/events/event.ts'
import type { InboundRequest, OutboundResponse } from '../model/ports.ts'
import type { FramedEvent, SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { type Frame, START_POSITION, toFramedEvent } from './framing/frame.ts'
import { Framer, frameWhole } from './framing/framer.ts'
import { isGzip } from './framing/gunzip.ts'
import { RequestQueue } from './stream/request-queue.ts'

const PATH = '/events'
const TARGET = /^\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]]+):(\d{1,5})\/?$/
const MAX_KEY_CHARS = 255
const MAX_BODY_EVENTS = 100_000
const inflate = promisify(gunzip)

export default {
  scheme: 'http',
  summary: 'events posted to http://HOST:PORT/events, as JSON lines, a list or one object',
  open(spec) {
    refuseUnknownOptions(spec, [])
    const address = addressOf(spec)
    return { ends: false, resumes: false, run: (context) => run(address, spec, context) }
  },
} satisfies SourceType

function addressOf(spec: SourceSpec): { host: string; port: number } {
  const match = TARGET.exec(spec.target)
  const port = Number(match?.[2])
  if (!match || port > 65_535) {
    throw new UserError(`invalid address ${spec.name}`, {
      code: 'invalid-source',
      hint: 'use for example http://127.0.0.1:8080; clients post events to /events',
    })
  }
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port }
}

async function run(
  address: { host: string; port: number },
  spec: SourceSpec,
  context: SourceContext,
): Promise<void> {
  const { signal } = context
  const queue = new RequestQueue(context)
  const inFlight = new Set<Promise<OutboundResponse>>()
  const handle = async (request: InboundRequest) => {
    if (signal.aborted) return shutdownResponse()
    const response = ingest(request, spec, context, queue)
    inFlight.add(response)
    try {
      return await response
    } finally {
      inFlight.delete(response)
    }
  }
  await context.ingress.post(address, PATH, { handle, refusal: (client) => busyResponse(queue, client) })
  await context.commitCursor(null)
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  await queue.close()
  await Promise.allSettled(inFlight)
}

async function ingest(
  request: InboundRequest,
  spec: SourceSpec,
  { limits, log }: SourceContext,
  queue: RequestQueue,
): Promise<OutboundResponse> {
  const key = request.headers['idempotency-key'] || null
  if (key !== null && key.length > MAX_KEY_CHARS) {
    return refusalResponse(400, `the Idempotency-Key exceeds ${MAX_KEY_CHARS} characters`)
  }
  const body = await decoded(request, limits.bodyBytes)
  if (!Buffer.isBuffer(body)) return body
  const framer = new Framer({ eventBytes: limits.eventBytes, unwrap: spec.unwrap }, START_POSITION)
  const frames = frameWhole(body, framer, MAX_BODY_EVENTS, limits.bodyBytes)
  if (frames === null) {
    const bounds = `${MAX_BODY_EVENTS} events or ${limits.bodyBytes} bytes of unwrapped events`
    return refusalResponse(413, `the body exceeds ${bounds}: send fewer events per request`)
  }
  if (frames.length === 0) return refusalResponse(400, 'the body contains no events')
  // Other requests may have arrived while the body was read.
  const tooBusy = busyResponse(queue, request.client)
  if (tooBusy !== null) return tooBusy
  try {
    const events = frames.map((frame) => withKey(frame, key))
    const result = await queue.settle(request.client, events, request.signal)
    if (result === 'refused') return shutdownResponse()
    // The answer reaches no client: the connection is closed.
    if (result === 'gone') return refusalResponse(408, 'the client closed the connection')
    return responseTo(frames, result)
  } catch (error) {
    log.error({ source: spec.name, error }, 'failed to store events; the client is asked to retry')
    return refusalResponse(503, 'failed to store the events', { 'retry-after': '1' })
  }
}

/** Returns the decompressed body, or the response that rejects it. */
async function decoded(
  { headers, body, reserve }: InboundRequest,
  limitBytes: number,
): Promise<Buffer | OutboundResponse> {
  const encoding = (headers['content-encoding'] || 'identity').toLowerCase()
  if (body.length > limitBytes) return tooLargeResponse(limitBytes)
  if (encoding === 'identity' && !isGzip(body)) return body
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    return refusalResponse(415, `content-encoding "${encoding}" is not supported: use gzip or identity`)
  }
  if (!reserve(limitBytes))
    return refusalResponse(429, 'too much data in flight: retry later', { 'retry-after': '1' })
  try {
    return await inflate(body, { maxOutputLength: limitBytes })
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    return isTooLarge
      ? tooLargeResponse(limitBytes)
      : refusalResponse(400, `the gzip body is corrupt: ${messageOf(cause)}`)
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

function tooLargeResponse(limitBytes: number): OutboundResponse {
  return refusalResponse(413, `the body exceeds ${limitBytes} bytes: send fewer events per request`)
}

/** Returns the response to a client that would wait too long, or null. */
function busyResponse(queue: RequestQueue, client: string): OutboundResponse | null {
  const seconds = queue.retryAfterSeconds(client)
  if (seconds === null) return null
  return refusalResponse(429, 'too many events are waiting: retry later', {
    'retry-after': `${seconds}`,
  })
}

function shutdownResponse(): OutboundResponse {
  return refusalResponse(503, 'shutting down', { 'retry-after': '5' })
}

/** Builds the response that accepts no event of the request. */
function refusalResponse(
  status: number,
  error: string,
  headers: Record<string, string> = {},
): OutboundResponse {
  return { status, headers, body: { accepted: 0, rejected: [], error } }
}
