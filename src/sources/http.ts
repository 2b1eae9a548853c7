/** Events posted to `/events`: answered once they are committed, so that a client may forget what got a 202. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { messageOf, UserError } from '../errors.ts'
import type { Settlement } from '../model/events/event.ts'
import type { InboundRequest, OutboundResponse } from '../model/ports.ts'
import type { FramedEvent, SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { type Frame, type FramingRules, framed, START_POSITION } from './framing/frame.ts'
import { Framer } from './framing/framer.ts'
import { isGzip } from './framing/gunzip.ts'
import { RequestQueue } from './stream/request-queue.ts'

const PATH = '/events'
const TARGET = /^\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]]+):(\d{1,5})\/?$/
const KEY_CHARS = 255
const BODY_EVENTS = 100_000
const STEP_BYTES = 64 * 1024
const inflate = promisify(gunzip)

export default {
  scheme: 'http',
  summary: 'events posted to http://HOST:PORT/events, as JSON lines, a list or one object',
  open(spec) {
    refuseUnknownOptions(spec, [])
    const address = addressOf(spec)
    return { ends: false, run: (context) => run(address, spec, context) }
  },
} satisfies SourceType

function addressOf(spec: SourceSpec): { host: string; port: number } {
  const match = TARGET.exec(spec.target)
  const port = Number(match?.[2])
  if (!match || port > 65_535) {
    throw new UserError(`${spec.name} is not an address to listen on`, {
      hint: 'write http://127.0.0.1:8080; events are posted to /events',
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
  const underWay = new Set<Promise<OutboundResponse>>()
  const handle = async (request: InboundRequest) => {
    if (signal.aborted) return shuttingDown()
    const answer = ingest(request, spec, context, queue)
    underWay.add(answer)
    try {
      return await answer
    } finally {
      underWay.delete(answer)
    }
  }
  await context.door.post(address, PATH, { handle, refusal: (client) => busy(queue, client) })
  await context.begin(null)
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  await queue.close()
  await Promise.allSettled(underWay)
}

async function ingest(
  request: InboundRequest,
  spec: SourceSpec,
  { limits, log }: SourceContext,
  queue: RequestQueue,
): Promise<OutboundResponse> {
  const key = request.headers['idempotency-key'] || null
  if (key !== null && key.length > KEY_CHARS) {
    return refusal(400, `the Idempotency-Key is longer than ${KEY_CHARS} characters`)
  }
  const body = await decoded(request, limits.bodyBytes)
  if (!Buffer.isBuffer(body)) return body
  const pieces = frame(body, { eventBytes: limits.eventBytes, unwrap: spec.unwrap })
  if (pieces === null) {
    return refusal(413, `the body holds more than ${BODY_EVENTS} events: send fewer at once`)
  }
  if (pieces.length === 0) return refusal(400, 'the body holds no event')
  // Others may have come while the body was read.
  const tooBusy = busy(queue, request.client)
  if (tooBusy !== null) return tooBusy
  try {
    const events = pieces.map((piece) => withKey(piece, key))
    const result = await queue.settle(request.client, events, request.signal)
    if (result === 'refused') return shuttingDown()
    // The answer reaches no client: the connection is closed.
    if (result === 'gone') return refusal(408, 'the client closed the connection')
    return answer(pieces, result)
  } catch (error) {
    log.error({ source: spec.name, error }, 'events could not be taken; the client is asked to send again')
    return refusal(503, 'the events could not be stored', { 'retry-after': '1' })
  }
}

/** The plain body, or the answer that refuses it. */
async function decoded(
  { headers, body, reserve }: InboundRequest,
  limitBytes: number,
): Promise<Buffer | OutboundResponse> {
  const encoding = (headers['content-encoding'] || 'identity').toLowerCase()
  if (body.length > limitBytes) return tooLarge(limitBytes)
  if (encoding === 'identity' && !isGzip(body)) return body
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    return refusal(415, `content-encoding "${encoding}" is not supported: send gzip or none`)
  }
  if (!reserve(limitBytes)) return refusal(429, 'too much is under way: send again', { 'retry-after': '1' })
  try {
    return await inflate(body, { maxOutputLength: limitBytes })
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    return isTooLarge ? tooLarge(limitBytes) : refusal(400, `the gzip body is damaged: ${messageOf(cause)}`)
  }
}

/** null when the body holds too many: small events take far more memory framed than as bytes. */
function frame(body: Buffer, rules: FramingRules): Frame[] | null {
  const framer = new Framer(rules, START_POSITION)
  const pieces: Frame[] = []
  for (let from = 0; from < body.length; from += STEP_BYTES) {
    for (const piece of framer.push(body.subarray(from, from + STEP_BYTES))) pieces.push(piece)
    if (pieces.length > BODY_EVENTS) return null
  }
  return [...pieces, ...framer.end()]
}

/** What came before is known again: by its own row id, and by its place in a request with a key. */
function withKey(piece: Frame, key: string | null): FramedEvent {
  const event = { ...framed(piece, null), dedupByRowId: true }
  if (key === null) return event
  const part = piece.part === undefined ? '' : `.${piece.part}`
  const place = piece.item === null ? piece.line : `${piece.line}@${piece.offset}${part}`
  return { ...event, dedupId: `${key}:${place}` }
}

function answer(pieces: readonly Frame[], settlements: readonly Settlement[]): OutboundResponse {
  const rejected = settlements.flatMap((settlement, i) => {
    if (settlement.status !== 'rejected') return []
    const { line, item } = pieces[i]!
    return { line, ...(item !== null && { item }), reason: settlement.reason }
  })
  const accepted = pieces.length - rejected.length
  return { status: accepted === 0 ? 400 : 202, body: { accepted, rejected } }
}

function tooLarge(limitBytes: number): OutboundResponse {
  return refusal(413, `the body is larger than ${limitBytes} bytes: send fewer events at once`)
}

/** The answer to a client that would have to wait too long, or null. */
function busy(queue: RequestQueue, client: string): OutboundResponse | null {
  const seconds = queue.retryAfterSeconds(client)
  if (seconds === null) return null
  return refusal(429, 'too many events are waiting: send again later', { 'retry-after': `${seconds}` })
}

function shuttingDown(): OutboundResponse {
  return refusal(503, 'shutting down', { 'retry-after': '5' })
}

/** No event of the request was taken. */
function refusal(status: number, error: string, headers: Record<string, string> = {}): OutboundResponse {
  return { status, headers, body: { accepted: 0, rejected: [], error } }
}
