/** Failures of the HTTP client. They name scheme and host, never more: the original may hold URL, headers or bytes. */
import { PermanentError, RetryableError } from '../errors.ts'

const PLAIN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve at present',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_SOCKET: 'connection closed before the answer',
  UND_ERR_PRX_TLS: 'the proxy refused the connection',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate comes from an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate comes from an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate comes from an unknown authority',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
  EPROTO: 'the TLS handshake failed',
}

/** Causes that lie in the configuration: no other request would fare better. */
const BROKEN: Readonly<Record<string, string>> = {
  UND_ERR_INVALID_ARG: 'a header of the request is not valid',
  ERR_PRIVATE_ADDRESS: 'its address is private, and transport.publicOnly refuses those',
}
/** What OpenSSL says when it is given certificates, before a byte is sent. */
const UNUSABLE_TLS = /^ERR_OSSL_/

export function httpFailure(url: URL, error: unknown): RetryableError | PermanentError {
  const code = codeOf(error)
  const broken = UNUSABLE_TLS.test(code)
    ? `a certificate or key of transport can't be used (${code})`
    : BROKEN[code]
  if (broken !== undefined) {
    return new PermanentError(at(url, broken), { scope: 'destination', cause: new Error(code) })
  }
  return failedWith(url, PLAIN[code] ? `${PLAIN[code]} (${code})` : code, error)
}

/** A failure that a later attempt may not meet. */
export function failedWith(url: URL, what: string, error?: unknown): RetryableError {
  return new RetryableError(at(url, what), { cause: new Error(codeOf(error)) })
}

function at(url: URL, what: string): string {
  return `${url.protocol}//${url.host}: ${what}`
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
