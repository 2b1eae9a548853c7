/** Error responses of the server. All have the same form, including those of the HTTP parser. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../errors.ts'
import type { Log, OutboundResponse } from '../model/ports.ts'

export const MAX_HEADER_BYTES = 16 * 1024

/** Creates the response to a request of which no event was accepted. */
export function refusal(
  status: number,
  error: string,
  { headers = {}, ...more }: { headers?: Record<string, string>; known?: readonly string[] } = {},
): OutboundResponse {
  return { status, headers, body: { accepted: 0, rejected: [], error, ...more } }
}

export function send(reply: FastifyReply, { status, headers = {}, body }: OutboundResponse): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}

/** Responds to failures after the headers of a request were read. */
export function onError({ log, bodyBytes }: { log: Log; bodyBytes: number }) {
  return (error: FastifyError | Error, _request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const status = statusOf(error)
    if (status === 413) {
      return send(reply, refusal(413, `the body is larger than ${bodyBytes} bytes: send fewer events`))
    }
    if (status < 500) return send(reply, refusal(status, messageOf(error)))
    log.error({ error }, 'request failed')
    return send(reply, refusal(status, 'internal error'))
  }
}

const PARSER_ERRORS: Readonly<Record<string, [status: number, error: string]>> = {
  HPE_HEADER_OVERFLOW: [431, `the headers are larger than ${MAX_HEADER_BYTES} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not come in time'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the chunk extensions are too large'],
}

/** Responds to data that the HTTP parser rejects, and closes the connection. */
export function onClientError(error: Error & { code?: string }, socket: Socket): void {
  // A client that does not speak TLS, or shows no valid certificate, understands no answer.
  const isOfTls = /^ERR_(?:SSL|TLS)_/.test(error.code ?? '')
  if (error.code === 'ECONNRESET' || isOfTls || !socket.writable) return void socket.destroy()
  const [status, reason] = PARSER_ERRORS[error.code ?? ''] ?? [400, 'this is not an HTTP request']
  const body = JSON.stringify(refusal(status, reason).body)
  const head = [
    `HTTP/1.1 ${status} ${status}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Responds to a request with an unknown `Expect` header. */
export function onExpectation(request: IncomingMessage, response: ServerResponse): void {
  const { body } = refusal(417, `"Expect: ${request.headers.expect}" is not supported`)
  const text = JSON.stringify(body)
  const length = { 'content-length': Buffer.byteLength(text), connection: 'close' }
  response.writeHead(417, { 'content-type': 'application/json; charset=utf-8', ...length })
  response.end(text)
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 600 ? status : 500
}
