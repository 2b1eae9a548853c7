/** One attempt: reveal the options, send, and say what came of it. Never throws; nothing secret leaves it. */
import type { DestinationType, HttpDestination, Message, Receipt } from '../destinations/_destination.ts'
import { isError, messageOf, RetryableError } from '../errors.ts'
import type { Destination } from '../model/destination.ts'
import type { Clock, HttpClient, HttpRequest, Log, Secrets } from '../model/ports.ts'
import type { AlertRow } from '../store/store.ts'
import { classify } from './classify.ts'
import { buildMessage } from './message.ts'
import { maskSecrets, secretRedactor } from './redaction.ts'

export interface SendPorts {
  /** Loads a destination type; rejects with a UserError when it can't. */
  readonly types: (type: string) => Promise<DestinationType>
  readonly secrets: Secrets
  readonly http: HttpClient
  readonly clock: Clock
  readonly log: Log
  readonly print: (line: string) => void
  readonly projectRoot: string
  /** Signalbox's own, for `User-Agent`. */
  readonly version: string
}

export type SendResult =
  | { readonly result: 'delivered'; readonly status: number | null; readonly message: string }
  | {
      readonly result: 'retry'
      readonly status: number | null
      readonly message: string
      readonly retryAfterMs: number | null
    }
  | {
      readonly result: 'refused'
      readonly status: number | null
      readonly message: string
      readonly scope: 'delivery' | 'destination'
    }

type Redact = (text: string) => string

export async function sendOnce(
  ports: SendPorts,
  destination: Destination,
  alert: Pick<AlertRow, 'notification' | 'reference'>,
  deliveryId: string,
  signal: AbortSignal,
): Promise<SendResult> {
  let redact: Redact = (text) => text
  try {
    const message = buildMessage(alert, destination.name, deliveryId, ports.clock.now())
    const type = await ports.types(destination.type)
    // Read at every attempt, so that a rotated secret needs no reload.
    const revealed = await ports.secrets.reveal(destination.options)
    const mask = secretRedactor(type.options, revealed.options)
    redact = (text) => mask(revealed.redact(text))
    const receipt = await transmit(ports, type, message, revealed.options, redact, signal)
    return { result: 'delivered', status: receipt.status ?? null, message: redact(receipt.message) }
  } catch (error) {
    return failed(ports.log, destination.name, error, redact)
  }
}

async function transmit(
  ports: SendPorts,
  type: DestinationType,
  message: Message,
  options: Readonly<Record<string, unknown>>,
  redact: Redact,
  signal: AbortSignal,
): Promise<Receipt> {
  if (!('request' in type)) {
    const { print, projectRoot } = ports
    return type.send(message, options as never, { signal, print, projectRoot })
  }
  const response = await ports.http.send(buildRequest(type, message, options, ports.version), signal)
  // Redacted before anything is cut from it: half a secret would not be recognised.
  const answer = { ...response, body: redact(response.body) }
  if (type.receipt && answer.incomplete) {
    throw new RetryableError('the answer broke off', { status: answer.status })
  }
  return type.receipt?.(answer) ?? classify(answer, ports.clock.now())
}

/** The request as it goes over the wire. The two headers are ours, whatever the options say. */
function buildRequest(
  type: HttpDestination,
  message: Message,
  options: Readonly<Record<string, unknown>>,
  version: string,
): HttpRequest {
  const request = type.request(message, options as never)
  const own = { 'user-agent': `Signalbox/${version}`, 'idempotency-key': message.idempotencyKey }
  const theirs = Object.entries(request.headers).filter(([name]) => !(name.toLowerCase() in own))
  return { ...request, headers: { ...Object.fromEntries(theirs), ...own } }
}

/** What would be sent: literals in secret places are masked. Null for types that do not speak HTTP. */
export function previewRequest(
  type: DestinationType,
  message: Message,
  options: Readonly<Record<string, unknown>>,
  version: string,
): HttpRequest | null {
  if (!('request' in type)) return null
  return buildRequest(type, message, maskSecrets(type.options, options), version)
}

function failed(log: Log, destination: string, error: unknown, redact: Redact): SendResult {
  const message = redact(messageOf(error))
  if (isError(error, 'retryable')) {
    const { status = null, retryAfterMs = null } = error
    return { result: 'retry', status, message, retryAfterMs }
  }
  if (isError(error, 'permanent')) {
    const { status = null, scope } = error
    return { result: 'refused', status, message, scope }
  }
  // A secret that is missing or a type that does not load: the configuration is broken, not the alert.
  if (isError(error, 'user')) return { result: 'refused', status: null, message, scope: 'destination' }
  const stack = redact(error instanceof Error ? (error.stack ?? message) : message)
  log.error(
    { destination, stack },
    'a destination type failed in a way it should not; the delivery is retried',
  )
  return { result: 'retry', status: null, message: `internal error: ${message}`, retryAfterMs: null }
}
