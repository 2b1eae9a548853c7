/** Opens objects of S3. The bucket is always in the path of the URL, so that a message cannot choose the host. */
import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import type { AwsOptions } from '../../aws/aws-credentials.ts'
import { awsError } from '../../aws/aws-error.ts'
import { sendAwsRequest } from '../../aws/aws-fetch.ts'
import { serviceUrl } from '../../aws/aws-region.ts'
import { signAws } from '../../aws/aws-signature.ts'
import { describeNetworkFailure, networkErrorCode } from '../../core/network-failure.ts'
import { isError, messageOf, RetryableError } from '../../errors.ts'
import type { HttpRequest } from '../../model/ports.ts'
import type { NamedObject } from './object-notification.ts'

const ANSWER_TIMEOUT_MS = 20_000
/** It counts while data is waited for, and not while nothing is read. */
const IDLE_TIMEOUT_MS = 60_000
const MAX_ERROR_BYTES = 64 * 1024
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const GONE = /^(?:NoSuchKey|NoSuchVersion|PreconditionFailed)$/
/** A later request can succeed without an operator. */
const BUSY =
  /^(?:SlowDown|Throttl|RequestLimit|RequestTimeout|RequestTimeTooSkewed|ServiceUnavailable|Internal|OperationAborted|TemporaryRedirect|ExpiredToken|TokenRefreshRequired|KMS\.?Throttl)/

export type ObjectAnswer =
  /** The content from this byte on. */
  | { readonly kind: 'content'; readonly from: number; readonly chunks: AsyncIterable<Buffer> }
  /** No later request can succeed. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** `refused`: an operator must act. `busy`: a later request can succeed. */
  | { readonly kind: 'refused' | 'busy'; readonly reason: string }

export class S3Client {
  readonly #options: AwsOptions

  constructor(options: AwsOptions) {
    this.#options = options
  }

  /** Rejects only when the signal aborts. */
  async get(object: NamedObject, from: number, signal: AbortSignal): Promise<ObjectAnswer> {
    const url = this.#urlOf(object)
    if (url === null) return { kind: 'gone', reason: 'a URL cannot contain its key' }
    try {
      const { headers, url: signedUrl } = await this.#signed(url, object, from, signal)
      const response = await open(signedUrl, headers, signal)
      return await answerOf(response, from)
    } catch (error) {
      if (signal.aborted) throw error
      if (isError(error, 'permanent')) return { kind: 'refused', reason: messageOf(error) }
      return { kind: 'busy', reason: describeNetworkFailure(networkErrorCode(error)) ?? messageOf(error) }
    }
  }

  /** Returns null if the URL would be that of another object, as with the segment `..`. */
  #urlOf({ bucket, key, version }: NamedObject): string | null {
    const { endpoint, region } = this.#options
    const base = (endpoint ?? serviceUrl('s3', region)).replace(/\/+$/, '')
    const path = `/${bucket}/${key.split('/').map(encoded).join('/')}`
    const url = new URL(base + path)
    if (!url.pathname.endsWith(path) || url.pathname.length !== pathLength(base) + path.length) return null
    return url.href + (version === null ? '' : `?versionId=${encoded(version)}`)
  }

  #signed(
    url: string,
    { etag, version }: NamedObject,
    from: number,
    signal: AbortSignal,
  ): Promise<HttpRequest> {
    const headers = {
      'x-amz-content-sha256': EMPTY_SHA256,
      // A version has one content. A message with another ETag must not end it as gone.
      ...(etag !== null && version === null && { 'if-match': `"${etag}"` }),
      ...(from > 0 && { range: `bytes=${from}-` }),
    }
    const send = (request: HttpRequest) =>
      sendAwsRequest(request, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]))
    const { region } = this.#options
    return signAws({ method: 'GET', url, headers, body: '' }, 's3', region, this.#options, send)
  }
}

function pathLength(base: string): number {
  return new URL(base).pathname.replace(/\/+$/, '').length
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** `fetch` would decompress what was stored with a content encoding, and a range of it could not be read. */
function open(url: string, headers: HttpRequest['headers'], signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getSecure : getPlain
    const request = get(url, { headers, signal }, (response) => {
      clearTimeout(timer)
      resolve(response)
    })
    const timer = setTimeout(
      () => request.destroy(new RetryableError('no answer in time')),
      ANSWER_TIMEOUT_MS,
    )
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
  })
}

async function answerOf(response: IncomingMessage, from: number): Promise<ObjectAnswer> {
  const { statusCode: status = 0 } = response
  if (status === 200) return { kind: 'content', from: 0, chunks: chunksOf(response) }
  if (status === 206) return partOf(response, from)
  const body = await errorBody(response)
  // The earlier run has read everything, but it could not commit that this was the end.
  if (status === 416 && from > 0) return { kind: 'content', from, chunks: noChunks() }
  const { codes: [code = ''] = [], text = `status ${status}` } = awsError({ status, headers: {}, body }) ?? {}
  const reason = text
  if (GONE.test(code)) return { kind: 'gone', reason }
  if (status >= 500 || status === 429 || BUSY.test(code)) return { kind: 'busy', reason }
  return { kind: 'refused', reason }
}

/**
 * A service can answer another part than that which was requested. Bytes before the requested one are passed by the reader, but
 * a part that begins later, or ends before the end of the object, would lose events.
 */
function partOf(response: IncomingMessage, from: number): ObjectAnswer {
  const range = response.headers['content-range'] ?? ''
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? []
  if (first !== undefined && Number(first) <= from && (size === '*' || Number(last) + 1 === Number(size)))
    return { kind: 'content', from: Number(first), chunks: chunksOf(response) }
  response.destroy()
  return { kind: 'refused', reason: `the part from byte ${from} was requested, and another one was answered` }
}

async function errorBody(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunksOf(response)) {
    parts.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_ERROR_BYTES) break
  }
  return Buffer.concat(parts).toString('utf8', 0, MAX_ERROR_BYTES)
}

async function* noChunks(): AsyncGenerator<Buffer> {}

async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = response[Symbol.asyncIterator]()
  try {
    for (;;) {
      const timer = setTimeout(() => response.destroy(new RetryableError('no data in time')), IDLE_TIMEOUT_MS)
      const next = await chunks.next().finally(() => clearTimeout(timer))
      if (next.done) return
      yield next.value
    }
  } finally {
    response.destroy()
  }
}
