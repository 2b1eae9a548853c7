/** Decompresses the body of a post, within the limit. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { messageOf } from '../../errors.ts'
import type { InboundRequest } from '../../model/ports.ts'
import { isGzip } from '../framing/gunzip.ts'

const inflate = promisify(gunzip)

export interface PostRefusal {
  readonly status: number
  readonly error: string
  readonly headers?: Record<string, string>
}

/** Returns the decompressed body, or the reason why the post is refused. */
export async function decompressed(
  { headers, body, reserve }: InboundRequest,
  limitBytes: number,
): Promise<Buffer | PostRefusal> {
  const encoding = (headers['content-encoding'] || 'identity').toLowerCase()
  if (body.length > limitBytes) return tooLarge(limitBytes)
  if (encoding === 'identity' && !isGzip(body)) return body
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    return { status: 415, error: `content-encoding "${encoding}" is not supported: use gzip or identity` }
  }
  if (!reserve(limitBytes)) {
    return { status: 429, error: 'too much data in flight: retry later', headers: { 'retry-after': '1' } }
  }
  try {
    return await inflate(body, { maxOutputLength: limitBytes })
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    return isTooLarge
      ? tooLarge(limitBytes)
      : { status: 400, error: `the gzip body is corrupt: ${messageOf(cause)}` }
  }
}

function tooLarge(limitBytes: number): PostRefusal {
  return { status: 413, error: `the body exceeds ${limitBytes} bytes: send fewer events per request` }
}
