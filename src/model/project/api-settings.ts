/** Who may use the HTTP API and the console: the key `api` of signalbox.yaml. */

/** `operator` includes `viewer`. `ingest` only sends events. */
export const ROLES = ['viewer', 'operator', 'ingest'] as const
export type Role = (typeof ROLES)[number]

/** The roles that a person behind a proxy can have. */
export const IDENTITY_ROLES = ['viewer', 'operator'] as const satisfies readonly Role[]

export interface ApiToken {
  /** The audit names it. */
  readonly name: string
  readonly role: Role
  /** `sha256:` and the hash of the token in hexadecimal digits; absent: `secret` is given. */
  readonly hash?: string
  /** A reference to the token itself, for example `${file:...}`. */
  readonly secret?: string
  /** The date or the time at which the token ends. A date ends when it begins in UTC. */
  readonly expires?: string
}

/** A proxy that authenticates people, and names them in a header. */
export interface ProxyIdentity {
  /** The name in lower case. */
  readonly header: string
  /** Networks of the proxies whose header is believed. */
  readonly from: readonly string[]
  readonly role: (typeof IDENTITY_ROLES)[number]
}

export interface ApiSettings {
  readonly tokens: readonly ApiToken[]
  readonly identity: ProxyIdentity | null
  /** The address at which people reach the console; null: none is configured. */
  readonly publicUrl: string | null
}

/** Returns the time at which the token ends in epoch ms; null: it does not end. */
export function expiryOf({ expires }: Pick<ApiToken, 'expires'>): number | null {
  return expires === undefined ? null : Date.parse(expires)
}

/** True if a person or program with the first role may do what needs the second one. */
export function includesRole(given: Role, needed: Role): boolean {
  return given === needed || (given === 'operator' && needed === 'viewer')
}
