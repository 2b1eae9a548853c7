/** What the errors of the Kafka library mean. It nests them: by request, by topic, and by attempt. */
import { describeNetworkFailure, networkErrorCode } from '../../../core/network-failure.ts'
import { messageOf } from '../../../errors.ts'
import type { AttemptOutcomes, FaultRule } from '../../_destination.ts'

interface LibraryError extends Error {
  readonly code?: string
  /** The name of a documented error of the protocol. */
  readonly apiId?: string
  /** What the broker itself says of it. */
  readonly serverErrorMessage?: string | null
  readonly errors?: readonly unknown[]
}

const UNKNOWN_TOPIC = /^Unknown topic/
const REQUIRES_TLS = /requires TLS/

/** Clearer texts for messages of the library. */
const CLEARER_MESSAGES: readonly [message: RegExp, text: string][] = [
  [UNKNOWN_TOPIC, 'the broker does not have the topic'],
  [REQUIRES_TLS, 'the broker requires TLS'],
  [/handshake failed/, 'the TLS handshake failed: the broker may not speak TLS'],
  [/^Connection closed|^Client is closed/, 'connection closed before the answer'],
]
/** The library cannot read the answer, or it answers another request. */
const FOREIGN = /UNEXPECTED_CORRELATION_ID|OUT_OF_BOUNDS|UNSUPPORTED_API|UNSUPPORTED_FORMAT/

/** @param codes errors of the protocol: https://kafka.apache.org/protocol#protocol_error_codes */
function fault(
  what: string,
  effect: FaultRule['effect'],
  codes: readonly string[],
  message?: RegExp,
): FaultRule {
  const named = codes.map((code) => `\`${code}\``).join(', ')
  return {
    fault: codes.length > 0 ? `${what} (${named})` : what,
    effect,
    matches: (error) =>
      nested(error).some((each) => codes.includes(each.apiId ?? '') || message?.test(each.message)),
  }
}

export const KAFKA_OUTCOMES: AttemptOutcomes = {
  delivered: 'the acknowledgement of the record; the history names topic, partition and offset',
  faults: [
    fault(
      'a topic that is not there, or whose name is not valid',
      'pause',
      ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INVALID_TOPIC_EXCEPTION'],
      UNKNOWN_TOPIC,
    ),
    fault('no permission for the topic', 'pause', [
      'TOPIC_AUTHORIZATION_FAILED',
      'CLUSTER_AUTHORIZATION_FAILED',
    ]),
    fault('a sign-in that is refused', 'pause', [
      'SASL_AUTHENTICATION_FAILED',
      'UNSUPPORTED_SASL_MECHANISM',
      'ILLEGAL_SASL_STATE',
      'SECURITY_DISABLED',
    ]),
    fault('no TLS where the broker requires it', 'pause', [], REQUIRES_TLS),
    fault('a cluster that does not accept such records', 'pause', [
      'POLICY_VIOLATION',
      'UNSUPPORTED_VERSION',
      'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    ]),
    fault('a record that is refused', 'dead', [
      'MESSAGE_TOO_LARGE',
      'RECORD_LIST_TOO_LARGE',
      'INVALID_RECORD',
    ]),
  ],
  retried:
    'any other error of Kafka such as `NOT_ENOUGH_REPLICAS`, no connection, no acknowledgement in 10 seconds, an answer that is not Kafka or does not end',
}

export function describeKafkaError(error: unknown, timeoutMs: number): string {
  const all = nested(error)
  const reported = all.find((each) => each.apiId !== undefined)
  if (reported) return `${reported.apiId}: ${reported.serverErrorMessage ?? reported.message}`
  const network = all.map(networkErrorCode).find((code) => code !== '') ?? ''
  const clearer = CLEARER_MESSAGES.find(([pattern]) => all.some((each) => pattern.test(each.message)))
  const known = describeNetworkFailure(network) ?? clearer?.[1]
  if (known !== undefined) return known
  if (all.some(({ code = '' }) => FOREIGN.test(code))) return 'the server does not speak Kafka'
  if (all.some(({ code }) => code === 'PLT_KFK_TIMEOUT')) return `no answer within ${timeoutMs} ms`
  return messageOf(all.at(-1) ?? error)
}

/** Returns the error with all that are inside of it, the outermost first. */
function nested(error: unknown): LibraryError[] {
  if (!(error instanceof Error)) return []
  return [error, ...((error as LibraryError).errors ?? []).flatMap(nested), ...nested(error.cause)]
}
