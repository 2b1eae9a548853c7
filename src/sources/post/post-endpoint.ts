/** Receives posts until the source stops. An answer follows the commit, so a client need not keep accepted events. */
import type { Settlement } from '../../model/events/event.ts'
import type { InboundRequest, OutboundResponse } from '../../model/ports.ts'
import type { FramedEvent, SourceContext } from '../_source.ts'
import { RequestQueue } from '../stream/request-queue.ts'
import type { PostAddress } from './post-address.ts'
import { decompressed, type PostRefusal } from './post-body.ts'

const MAX_KEY_CHARS = 255

/** The events of a body. */
interface PostedEvents {
  readonly events: readonly FramedEvent[]
  /** The answer after the commit. */
  readonly answer: (settlements: readonly Settlement[]) => OutboundResponse
}

export interface PostFormat {
  readonly path: string
  /** @param key the `Idempotency-Key`, or null. */
  readonly read: (body: Buffer, request: InboundRequest, key: string | null) => PostedEvents | PostRefusal
  /** @param request null before its headers are known. */
  readonly refuse: (refusal: PostRefusal, request: InboundRequest | null) => OutboundResponse
}

interface Endpoint {
  readonly source: string
  readonly address: PostAddress
  readonly format: PostFormat
}

export async function receivePosts(endpoint: Endpoint, context: SourceContext): Promise<void> {
  const { signal } = context
  const { address, format } = endpoint
  const queue = new RequestQueue(context)
  const inFlight = new Set<Promise<OutboundResponse>>()
  const handle = async (request: InboundRequest) => {
    if (signal.aborted) return format.refuse(SHUTDOWN, request)
    const response = ingest(request, endpoint, context, queue)
    inFlight.add(response)
    try {
      return await response
    } finally {
      inFlight.delete(response)
    }
  }
  const refusal = (client: string) => {
    const busy = busyRefusal(queue, client)
    return busy && format.refuse(busy, null)
  }
  await context.ingress.post(address, format.path, { handle, refusal })
  await context.commitCursor(null)
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  await queue.close()
  await Promise.allSettled(inFlight)
}

async function ingest(
  request: InboundRequest,
  { source, format }: Endpoint,
  { limits, log }: SourceContext,
  queue: RequestQueue,
): Promise<OutboundResponse> {
  const refuse = (refusal: PostRefusal) => format.refuse(refusal, request)
  const key = request.headers['idempotency-key'] || null
  if (key !== null && key.length > MAX_KEY_CHARS) {
    return refuse({ status: 400, error: `the Idempotency-Key exceeds ${MAX_KEY_CHARS} characters` })
  }
  const body = await decompressed(request, limits.bodyBytes)
  if (!Buffer.isBuffer(body)) return refuse(body)
  const posted = format.read(body, request, key)
  if ('error' in posted) return refuse(posted)
  // Other requests may have arrived while the body was read.
  const tooBusy = busyRefusal(queue, request.client)
  if (tooBusy !== null) return refuse(tooBusy)
  try {
    const result = await queue.settle(request.client, posted.events, request.signal)
    if (result === 'refused') return refuse(SHUTDOWN)
    // The answer reaches no client: the connection is closed.
    if (result === 'gone') return refuse({ status: 408, error: 'the client closed the connection' })
    return posted.answer(result)
  } catch (error) {
    log.error({ source, error }, 'failed to store events; the client is asked to retry')
    return refuse({ status: 503, error: 'failed to store the events', headers: { 'retry-after': '1' } })
  }
}

/** Returns the refusal of a client that would wait too long, or null. */
function busyRefusal(queue: RequestQueue, client: string): PostRefusal | null {
  const seconds = queue.retryAfterSeconds(client)
  if (seconds === null) return null
  const headers = { 'retry-after': `${seconds}` }
  return { status: 429, error: 'too many events are waiting: retry later', headers }
}

const SHUTDOWN: PostRefusal = { status: 503, error: 'shutting down', headers: { 'retry-after': '5' } }
