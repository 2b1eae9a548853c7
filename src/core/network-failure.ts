/** Describes failed connections for people, for every protocol. */

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve at present',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate comes from an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate comes from an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate comes from an unknown authority',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
  EPROTO: 'the TLS handshake failed',
}

/** Undefined for codes that are not of the network. */
export function describeNetworkFailure(code: string): string | undefined {
  return DESCRIPTIONS[code] && `${DESCRIPTIONS[code]} (${code})`
}

/** The first such code of the error or one of its causes; '' where none has one. Libraries put their own in its place. */
export function networkErrorCode(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code, errors } = each as Error & { code?: unknown; errors?: readonly unknown[] }
    if (typeof code === 'string' && DESCRIPTIONS[code]) return code
    // Several addresses were tried: the first one decides.
    if (Array.isArray(errors)) return networkErrorCode(errors[0])
    const [said] = /\b(?:ENOTFOUND|EAI_AGAIN|ECONN\w+)\b/.exec(each.message) ?? []
    if (said && DESCRIPTIONS[said]) return said
  }
  return ''
}
