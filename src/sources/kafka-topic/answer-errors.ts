/** What the errors of Kafka mean for a source. */
import { protocolErrorsCodesById } from '@platformatic/kafka'
import {
  describeKafkaError,
  type KafkaError,
  nestedErrors,
  REQUIRES_TLS,
} from '../../brokers/kafka-failures.ts'
import { readableText } from '../../core/readable-text.ts'
import { isError, RetryableError, UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'
import type { BrokerSpec } from '../broker/broker-spec.ts'
import { signInHint } from './sign-in.ts'

export const REQUEST_TIMEOUT_MS = 10_000
const MAX_REASON_CHARS = 300

/** The partition has another leader, or none for a moment. */
export const LEADER_ERRORS: ReadonlySet<string> = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REPLICA_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
])
const NOT_AUTHORIZED: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
])
const SIGN_IN: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
])

/** Returns the name of an error of the protocol, or null for 0. */
export function codeName(code: number): string | null {
  return code === 0 ? null : (protocolErrorsCodesById[code] ?? `error ${code}`)
}

export function notAuthorized(topic: string): string {
  return `the user may not read the topic ${topic}: permit the operations Describe and Read on it`
}

/** The error as the operator must see it. @param redact removes the secrets of the options. */
export function describeFailure(
  error: unknown,
  { spec, broker, redact }: { spec: SourceSpec; broker: BrokerSpec; redact: (text: string) => string },
): Error {
  if (isError(error, 'user') || isError(error, 'retryable')) return error
  const { name } = spec
  const all = nestedErrors(error)
  const codes = all.flatMap(({ apiId }) => apiId ?? [])
  const refused = (message: string, hint: string) =>
    new UserError(`${name}: ${message}`, { code: 'refused-source', hint, cause: error })
  const reason = readableText(redact(describeKafkaError(error, REQUEST_TIMEOUT_MS))).slice(
    0,
    MAX_REASON_CHARS,
  )
  if (codes.some((code) => SIGN_IN.has(code)) || isSignInError(all))
    return refused(`the broker refuses the sign-in: ${reason}`, signInHint(spec, codes))
  if (all.some(({ message }) => REQUIRES_TLS.test(message)))
    return refused('the broker requires TLS', 'set tls=true')
  if (codes.some((code) => NOT_AUTHORIZED.has(code)))
    return refused(notAuthorized(broker.log), 'add the permissions for the user of the source')
  if (codes.includes('UNKNOWN_TOPIC_OR_PARTITION') || codes.includes('INVALID_TOPIC_EXCEPTION'))
    return refused(`the cluster has no topic ${broker.log}`, 'create the topic, or correct its name')
  const isUnexplained = spec.options.sasl === undefined && reason.startsWith('connection closed')
  const doubt = isUnexplained ? ' (a broker that requires a sign-in does so without the option sasl)' : ''
  return new RetryableError(`${name}: ${reason}${doubt}`, { cause: error })
}

/** A connection that ends during the sign-in is no reason to doubt the password. */
function isSignInError(all: readonly KafkaError[]): boolean {
  const at = all.findIndex(({ code }) => code === 'PLT_KFK_AUTHENTICATION')
  return at !== -1 && !all.slice(at).some(({ code }) => code === 'PLT_KFK_NETWORK')
}
