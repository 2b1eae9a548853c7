/** The options for the sign-in of a Kafka source. */
import {
  AuthenticationError,
  type SASLOptions,
  saslOAuthBearer,
  saslPlain,
  saslScramSha,
} from '@platformatic/kafka'
import { UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'
import { requireTlsFor, requireTogether } from '../broker/broker-security.ts'
import type { BrokerAddress } from '../broker/broker-spec.ts'
import { createIamToken, IAM_OPTIONS } from './iam-token.ts'

type Authenticated = Parameters<NonNullable<SASLOptions['authenticate']>>[6]

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

/**
 * The options of the library for one connection, with the secrets that are valid now.
 * @param onSession gets the milliseconds after which the broker ends the connection; 0: it does not.
 */
export async function saslOptions(
  spec: SourceSpec,
  host: string,
  revealed: Readonly<Record<string, unknown>>,
  onSession: (lifetimeMs: number) => void,
): Promise<SASLOptions | undefined> {
  const mechanism = mechanismOf(spec)
  if (mechanism === null) return undefined
  const token = spec.options.sasl === 'aws-iam' ? await createIamToken(spec, host) : String(revealed.token)
  const username = String(revealed.user)
  const password = String(revealed.password)
  return {
    mechanism: mechanism.name,
    authenticate: (name, connection, send, _user, _password, _token, callback) => {
      const done: typeof callback = (error, response) => {
        if (error || response === undefined) return callback(error)
        onSession(Number(response.sessionLifetimeMs))
        // The library would sign in again over the same connection, between two requests of which none may come.
        callback(null, { ...response, sessionLifetimeMs: 0n })
      }
      if (name === 'PLAIN') return saslPlain.authenticate(send, connection, username, password, done)
      if (name === 'OAUTHBEARER')
        return saslOAuthBearer.authenticate(send, connection, token, {}, refusing(done))
      const algorithm = name === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512'
      saslScramSha.authenticate(
        send,
        connection,
        algorithm,
        username,
        password,
        saslScramSha.defaultCrypto,
        done,
      )
    },
  }
}

/** A broker that refuses a token answers with a text that says so, which the library takes for a success. */
function refusing(done: Authenticated): Authenticated {
  return (error, response) =>
    (response?.authBytes.length ?? 0) === 0
      ? done(error, response)
      : done(new AuthenticationError('the broker refuses the token'))
}

/** @param codes the errors of the protocol. */
export function signInHint(spec: SourceSpec, codes: readonly string[]): string {
  const mechanism = mechanismOf(spec)
  if (mechanism === null) return `set sasl, for example sasl=scram-sha-512, with user and password`
  if (codes.includes('ILLEGAL_SASL_STATE')) return 'remove sasl, or use a listener that asks for a sign-in'
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
