/** The body of a request as it goes over the wire. */
import { gzipSync } from 'node:zlib'

/** The same text always has the same bytes: the time that the format contains stays 0. */
export function wireBody(request: { readonly body: string; readonly compression?: 'gzip' }): string | Buffer {
  return request.compression === undefined ? request.body : gzipSync(request.body)
}
