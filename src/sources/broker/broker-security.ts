/** The options of a broker's source for TLS and sign-in. Secrets are references, because a spec is no secret. */
import { UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'
import type { BrokerAddress } from './broker-spec.ts'

export const TLS_OPTIONS = ['tls', 'ca', 'certificate', 'key'] as const

const REFERENCE = /^\$\{(?:env|file):[^{}]+\}$/
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i

/** TLS is the default for every broker that is not on this machine. */
export function usesTls({ name, options }: SourceSpec, addresses: readonly BrokerAddress[]): boolean {
  const { tls } = options
  if (tls === undefined) return !isLocal(addresses)
  if (tls === 'true' || tls === 'false') return tls === 'true'
  throw new UserError(`${name}: invalid tls "${tls}"`, {
    code: 'invalid-source-option',
    hint: 'use true or false',
  })
}

function isLocal(addresses: readonly BrokerAddress[]): boolean {
  return addresses.every(isLoopback)
}

export function isLoopback({ host }: BrokerAddress): boolean {
  return LOOPBACK.test(host)
}

/** The value is not in the message, because it can be the secret itself. */
export function requireReferences({ name, options }: SourceSpec, keys: readonly string[]): void {
  for (const key of keys) {
    const value = options[key]
    if (value === undefined || REFERENCE.test(value)) continue
    throw new UserError(`${name}: the option "${key}" is no reference`, {
      code: 'invalid-source-option',
      hint: `use ${key}=\${env:NAME} or ${key}=\${file:PATH}`,
    })
  }
}

/** Each key needs the keys of its list, too. */
export function requireTogether(
  { name, options }: SourceSpec,
  rules: Readonly<Record<string, readonly string[]>>,
): void {
  for (const [key, needed] of Object.entries(rules)) {
    const missing = key in options ? needed.find((other) => !(other in options)) : undefined
    if (missing === undefined) continue
    throw new UserError(`${name}: the option "${key}" requires "${missing}"`, {
      code: 'invalid-source-option',
      hint: `add ${missing}, or remove ${key}`,
    })
  }
}

/** Refuses to send a secret to another machine in plain text. */
export function requireTlsFor(
  { name, options }: SourceSpec,
  keys: readonly string[],
  addresses: readonly BrokerAddress[],
): void {
  const secret = keys.find((key) => key in options)
  if (secret === undefined || options.tls !== 'false' || isLocal(addresses)) return
  throw new UserError(`${name}: the option "${secret}" would be sent without TLS`, {
    code: 'invalid-source-option',
    hint: 'remove tls=false',
  })
}
