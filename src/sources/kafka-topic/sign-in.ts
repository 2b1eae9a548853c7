/** The options for the sign-in of a Kafka source. */
import type { SASLOptions } from '@platformatic/kafka'
import { UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'
import { requireTlsFor, requireTogether } from '../broker/broker-security.ts'
import type { BrokerAddress } from '../broker/broker-spec.ts'
import { createIamToken, IAM_OPTIONS } from './iam-token.ts'

interface Mechanism {
  readonly name: SASLOptions['mechanism']
  readonly needs: readonly string[]
  readonly may: readonly string[]
  /** A reader of the connection could use what is sent. */
  readonly sendsSecret: boolean
}

const PASSWORD = { needs: ['user', 'password'], may: [] }
const MECHANISMS: Readonly<Record<string, Mechanism>> = {
  plain: { name: 'PLAIN', ...PASSWORD, sendsSecret: true },
  'scram-sha-256': { name: 'SCRAM-SHA-256', ...PASSWORD, sendsSecret: false },
  'scram-sha-512': { name: 'SCRAM-SHA-512', ...PASSWORD, sendsSecret: false },
  oauthbearer: { name: 'OAUTHBEARER', needs: ['token'], may: [], sendsSecret: true },
  'aws-iam': { name: 'OAUTHBEARER', needs: [], may: IAM_OPTIONS, sendsSecret: true },
}
export const SIGN_IN_OPTIONS: readonly string[] = ['sasl', 'user', 'password', 'token', ...IAM_OPTIONS]

/** Refuses options that do not belong to the mechanism, and a secret that would be sent in plain text. */
export function checkSignIn(spec: SourceSpec, addresses: readonly BrokerAddress[]): void {
  const { name, options } = spec
  const mechanism = mechanismOf(spec)
  const known = mechanism === null ? [] : [...mechanism.needs, ...mechanism.may]
  const other = SIGN_IN_OPTIONS.find((key) => key !== 'sasl' && key in options && !known.includes(key))
  if (other !== undefined) {
    const belongsTo = Object.entries(MECHANISMS).filter(([, { needs, may }]) =>
      [...needs, ...may].includes(other),
    )
    throw new UserError(`${name}: the option "${other}" does not belong to ${saslText(spec)}`, {
      code: 'invalid-source-option',
      hint: `use it with sasl=${belongsTo.map(([key]) => key).join(' or sasl=')}`,
    })
  }
  if (mechanism === null) return
  requireTogether(spec, { sasl: mechanism.needs, externalId: ['roleArn'] })
  if (mechanism.sendsSecret) requireTlsFor(spec, [mechanism.needs.at(-1) ?? 'sasl'], addresses)
}

/** True if a reader of the connection could sign in. */
export function sendsSecret(spec: SourceSpec): boolean {
  return mechanismOf(spec)?.sendsSecret ?? false
}

/** The options of the library. The secrets are those of the connection that is opened. */
export async function saslOptions(
  spec: SourceSpec,
  host: string,
  reveal: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<SASLOptions | undefined> {
  const mechanism = mechanismOf(spec)
  if (mechanism === null) return undefined
  const { name } = mechanism
  if (spec.options.sasl === 'aws-iam') {
    const token = () => createIamToken(spec, host)
    // Credentials that are missing are reported by themselves; the library hides why it has no token.
    await token()
    return { mechanism: name, token, authBytesValidator: refuseError }
  }
  const option = (key: string) => async () => String((await reveal())[key])
  if (name === 'OAUTHBEARER')
    return { mechanism: name, token: option('token'), authBytesValidator: refuseError }
  return { mechanism: name, username: option('user'), password: option('password') }
}

/** A broker that refuses a token answers with a text that says so, which the library takes for a success. */
const refuseError: NonNullable<SASLOptions['authBytesValidator']> = (bytes, callback) =>
  bytes.length === 0 ? callback(null, bytes) : callback(new Error('the broker refuses the token'))

/** @param codes the errors of the protocol. */
export function signInHint(spec: SourceSpec, codes: readonly string[]): string {
  const mechanism = mechanismOf(spec)
  if (mechanism === null) return `set sasl, for example sasl=scram-sha-512, with user and password`
  if (codes.includes('UNSUPPORTED_SASL_MECHANISM')) return 'set sasl to a mechanism of this listener'
  if (spec.options.sasl === 'aws-iam') return 'permit kafka-cluster:Connect to the role'
  return `correct ${mechanism.needs.join(' and ')}`
}

function mechanismOf({ name, options }: SourceSpec): Mechanism | null {
  const { sasl } = options
  if (sasl === undefined) return null
  const mechanism = MECHANISMS[sasl]
  if (mechanism !== undefined) return mechanism
  throw new UserError(`${name}: invalid sasl "${sasl}"`, {
    code: 'invalid-source-option',
    hint: `use ${Object.keys(MECHANISMS).join(', ')}`,
  })
}

function saslText({ options: { sasl } }: SourceSpec): string {
  return sasl === undefined ? 'a source without sasl' : `sasl=${sasl}`
}
