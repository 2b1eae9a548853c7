/** Sends the requests by which a destination's credentials are fetched, by the transport of the destination. */
import type { SendRequest } from '../../destinations/_destination.ts'
import type { HttpClient, Transport } from '../../model/ports.ts'

/** The services of a machine that issue its credentials answer only on the machine itself, so no proxy reaches them. */
const METADATA_HOSTS = /^(?:169\.254\.\d+\.\d+|metadata(?:\.google\.internal)?|\[fd00:ec2::254\])$/

/**
 * Credentials are fetched once for several attempts, so the end of one attempt does not end the request. The client's
 * own time limit does.
 */
export function credentialRequests(
  http: HttpClient,
  { transport = {} }: { readonly transport?: Transport },
): SendRequest {
  const { signal } = new AbortController()
  return (request) => {
    const { hostname = '' } = URL.parse(request.url) ?? {}
    const isOfMachine = METADATA_HOSTS.test(hostname)
    // The body of such a request holds a secret, which is only for the host that was named.
    return http.send(request, signal, isOfMachine ? {} : { ...transport, keepsOrigin: true })
  }
}
