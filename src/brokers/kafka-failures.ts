/** What the errors of the Kafka library mean. It nests them: by request, by topic, and by attempt. */
import { describeNetworkFailure, networkErrorCode } from '../core/network-failure.ts'
import { messageOf } from '../errors.ts'

export interface KafkaError extends Error {
  readonly code?: string
  /** The name of a documented error of the protocol. */
  readonly apiId?: string
  /** What the broker itself says of it. */
  readonly serverErrorMessage?: string | null
  readonly errors?: readonly unknown[]
}

export const UNKNOWN_TOPIC = /^Unknown topic/
export const REQUIRES_TLS = /requires TLS/

/** Clearer texts for messages of the library. */
const CLEARER_MESSAGES: readonly [message: RegExp, text: string][] = [
  [UNKNOWN_TOPIC, 'the broker does not have the topic'],
  [REQUIRES_TLS, 'the broker requires TLS'],
  [/handshake failed/, 'the TLS handshake failed: the broker may not speak TLS'],
  [/^Connection closed|^Client is closed/, 'connection closed before the answer'],
]
/** The library cannot read the answer, or it answers another request. */
const FOREIGN = /UNEXPECTED_CORRELATION_ID|OUT_OF_BOUNDS|UNSUPPORTED_API|UNSUPPORTED_FORMAT/

export function describeKafkaError(error: unknown, timeoutMs: number): string {
  const all = nestedErrors(error)
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
export function nestedErrors(error: unknown): KafkaError[] {
  if (!(error instanceof Error)) return []
  return [error, ...((error as KafkaError).errors ?? []).flatMap(nestedErrors), ...nestedErrors(error.cause)]
}
