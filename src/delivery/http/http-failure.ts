/** Failures of the HTTP client. They name only scheme and host: the original error can contain URL, headers or bytes. */

import { describeNetworkFailure } from '../../core/network-failure.ts'
import { PermanentError, RetryableError } from '../../errors.ts'

/** Texts for the error codes of the client itself. */
const CLIENT_FAILURES: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_SOCKET: 'connection closed before the answer',
  UND_ERR_PRX_TLS: 'the proxy refused the connection',
}

/** Causes in the configuration: every other request would fail in the same way. */
const MISCONFIGURATIONS: Readonly<Record<string, string>> = {
  UND_ERR_INVALID_ARG: 'a header of the request is not valid',
  ERR_PRIVATE_ADDRESS: 'the address is private, and transport.publicOnly forbids private addresses',
}
/** OpenSSL rejects certificates with these codes before a byte is sent. */
const UNUSABLE_TLS = /^ERR_OSSL_/

/** @param proxy the proxy of the request, if it has one: the failure may be the proxy's. */
export function httpFailure(url: URL, error: unknown, proxy?: string): RetryableError | PermanentError {
  const code = codeOf(error)
  const proxyStatus = proxyStatusOf(error)
  if (proxyStatus === 407) {
    const message = at(url, 'the proxy wants authentication (407)', proxy)
    return new PermanentError(message, { scope: 'destination', cause: new Error(code) })
  }
  if (proxyStatus !== undefined)
    return retryableFailure(url, `the proxy answered ${proxyStatus}`, error, proxy)
  const broken = UNUSABLE_TLS.test(code)
    ? `a certificate or key of transport cannot be used (${code})`
    : MISCONFIGURATIONS[code]
  if (broken !== undefined) {
    return new PermanentError(at(url, broken, proxy), { scope: 'destination', cause: new Error(code) })
  }
  const clientFailure = CLIENT_FAILURES[code] && `${CLIENT_FAILURES[code]} (${code})`
  return retryableFailure(url, clientFailure ?? describeNetworkFailure(code) ?? code, error, proxy)
}

/** Returns the status with which a proxy refused the request; the client says it in the message alone. */
function proxyStatusOf(error: unknown): number | undefined {
  const message = error instanceof Error ? error.message : ''
  const [, status] = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(message) ?? []
  return status === undefined ? undefined : Number(status)
}

/** A failure that a later attempt may not have. */
export function retryableFailure(url: URL, what: string, error?: unknown, proxy?: string): RetryableError {
  return new RetryableError(at(url, what, proxy), { cause: new Error(codeOf(error)) })
}

function at(url: URL, what: string, proxy?: string): string {
  const via = proxy === undefined ? '' : ` (via proxy ${URL.parse(proxy)?.host ?? ''})`
  return `${url.protocol}//${url.host}: ${what}${via}`
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
