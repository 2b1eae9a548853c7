/** Lets Amazon's library fetch credentials by the transport of a request: its proxy, its authorities, its limits. */
import { Readable } from 'node:stream'
import type { HttpRequest, SendRequest } from '../model/ports.ts'

/** A request as the library hands it to its HTTP handler. */
interface LibraryRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Creates a request handler, as the library's clients take one. */
export function createAwsHandler(send: SendRequest): object {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: LibraryRequest) {
      const { status, headers, body } = await send({
        method: request.method as HttpRequest['method'],
        url: urlOf(request),
        headers: request.headers,
        body: bodyOf(request.body),
      })
      return { response: { statusCode: status, headers, body: Readable.from([Buffer.from(body)]) } }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  }
}

function urlOf({ protocol, hostname, port, path, query = {} }: LibraryRequest): string {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`)
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? (value as string[]) : [value ?? ''])
      url.searchParams.append(name, item as string)
  }
  return url.href
}

function bodyOf(body: unknown): string {
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  return typeof body === 'string' ? body : ''
}
