/** Lets Google's library fetch credentials by the transport of the destination: its proxy, its authorities, its limits. */
import type { HttpRequest } from '../../../model/ports.ts'
import type { SendRequest } from '../../_destination.ts'

/** Creates a `fetch` for the library. */
export function createGoogleFetch(send: SendRequest): typeof fetch {
  return async (input, init = {}) => {
    const request = new Request(input instanceof Request ? input : String(input), init)
    const { status, headers, body } = await send({
      method: request.method as HttpRequest['method'],
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    })
    const hasBody = ![204, 205, 304].includes(status)
    return new Response(hasBody ? body : null, { status, headers })
  }
}
