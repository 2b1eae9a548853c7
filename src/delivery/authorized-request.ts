/** Sends a request with an access token where the transport of the destination has `oauth2`. */
import { accessToken, forgetToken } from '../destinations/parts/credentials/oauth2-token.ts'
import type { HttpClient, HttpRequest, HttpResponse } from '../model/ports.ts'
import { credentialRequests } from './http/credential-requests.ts'
import { type Options, transportOf, withToken } from './request-steps.ts'

interface Sent {
  /** The request as it was sent. */
  readonly request: HttpRequest
  readonly response: HttpResponse
}

/** A token can be revoked before it expires: a request that is answered with 401 is sent once more with a new one. */
export async function sendAuthorized(
  http: HttpClient,
  request: HttpRequest,
  signal: AbortSignal,
  options: Options,
  keepsOrigin: boolean,
): Promise<Sent> {
  const { oauth2, ...transport } = transportOf(options)
  const send = (each: HttpRequest) => http.send(each, signal, { ...transport, keepsOrigin })
  if (oauth2 === undefined) return { request, response: await send(request) }
  const lookUp = credentialRequests(http, { transport })
  const attempt = async () => {
    const token = await accessToken(oauth2, transport, lookUp)
    const authorized = withToken(request, token)
    return { token, request: authorized, response: await send(authorized) }
  }
  const first = await attempt()
  if (first.response.status !== 401) return first
  await forgetToken(oauth2, transport, first.token)
  return attempt()
}
