/** Makes one attempt: reveals the options, sends, and returns the result. It never throws and returns no secret. */
import type { JsonText } from '../core/exact-json.ts'
import { truncateText } from '../core/truncate-text.ts'
import type {
  Answer,
  DeliveryNotice,
  DestinationType,
  DirectDestination,
  ExchangeDestination,
  HttpDestination,
  Message,
  Outgoing,
  Receipt,
  Update,
} from '../destinations/_destination.ts'
import { usesHttp } from '../destinations/_destination.ts'
import { Bug, isError, messageOf, PermanentError } from '../errors.ts'
import type { Clock, HttpClient, Log, Secrets } from '../model/ports.ts'
import type { Destination } from '../model/project/destination.ts'
import { sendAuthorized } from './authorized-request.ts'
import { buildMessage, type SentAlert } from './delivery-message.ts'
import { MAX_RETRY_AFTER_MS } from './http/classify-response.ts'
import { credentialRequests } from './http/credential-requests.ts'
import { type Answers, readAnswer } from './http/read-answer.ts'
import { headerRedactor } from './http/redaction.ts'
import { type Options, requestSteps, type Steps, transportOf, withStandardHeaders } from './request-steps.ts'
import { revealOptions } from './reveal-options.ts'
import { applyTemplates } from './templates.ts'

export interface SendPorts {
  /** Loads a destination type; rejects with a UserError if it cannot. */
  readonly types: (type: string) => Promise<DestinationType>
  readonly secrets: Secrets
  readonly http: HttpClient
  readonly clock: Clock
  readonly log: Log
  /** Resolves when the line has left the process; rejects when the signal aborts first. */
  readonly print: (line: string, signal: AbortSignal) => Promise<void>
  readonly projectRoot: string
  /** The version of Signalbox, for `User-Agent`. */
  readonly version: string
  /** Whether people can answer the alerts of a destination at its provider; absent: they cannot. */
  readonly isAnswerable?: (destination: Destination) => boolean
}

export type SendResult =
  | {
      readonly result: 'delivered'
      readonly status: number | null
      readonly message: string
      readonly remoteReference?: JsonText
    }
  | {
      readonly result: 'retry'
      readonly status: number | null
      readonly message: string
      readonly retryAfterMs: number | null
      /** What something in between answered; absent: the failure has another cause. */
      readonly foreign?: string
      /** The destination was not asked, because too little of the lease was left. */
      readonly isNotBegun?: true
    }
  | {
      readonly result: 'refused'
      readonly status: number | null
      readonly message: string
      readonly scope: 'delivery' | 'destination'
      /** What the destination answered, without notes; absent: it was not asked. */
      readonly answer?: string
    }

const NOT_BEGUN: SendResult = {
  result: 'retry',
  status: null,
  message: 'not sent: this daemon was held up for too long after it had claimed the delivery',
  retryAfterMs: null,
  isNotBegun: true,
}

/** The limit is longer than the excerpt of an HTTP response with its notes. */
const MAX_MESSAGE_CHARS = 1_000

/** What a type returns to find its record again is bounded. */
const MAX_REFERENCE_BYTES = 2_048

type Redact = (text: string) => string
type HttpType = HttpDestination | ExchangeDestination

/** The alert to send, and the delivery that carries it. */
interface Sending {
  readonly alert: SentAlert
  readonly deliveryId: string
  /** An earlier attempt may have succeeded. */
  readonly repeated: boolean
  /** Marks the title. */
  readonly titlePrefix?: string
  /** What the message of the alert lacks; absent: the alert itself is sent. */
  readonly update?: UpdateDetails | undefined
  /** Returns false if too little of the lease is left for the request; absent: there is no lease. */
  readonly mayBegin?: () => boolean
}

export type UpdateDetails = Omit<Update, keyof Message>

export async function sendOnce(
  ports: SendPorts,
  destination: Destination,
  { alert, update, mayBegin = () => true, ...sending }: Sending,
  signal: AbortSignal,
): Promise<SendResult> {
  let redact: Redact = (text) => text
  const notes: string[] = []
  let isAsked = false
  const describeOutcome = (message: string) => {
    const whole = notes.length > 0 ? `${message} (${notes.join('; ')})` : message
    return shortened(redact(whole))
  }
  try {
    // An answer is about one alert.
    const isAnswerable = alert.digest === undefined && (ports.isAnswerable?.(destination) ?? false)
    const context = { destination: destination.name, at: ports.clock.now(), isAnswerable, ...sending }
    const type = await ports.types(destination.type)
    const plain = buildMessage(alert, context, type)
    assertKindSupported(type, plain)
    // Secrets are read at every attempt, so that a rotated secret needs no reload.
    const revealed = await revealOptions(ports.secrets, type.options, destination.options)
    redact = revealed.redact
    const { message, notes: made } = applyTemplates(plain, type, revealed.options)
    notes.push(...made)
    const attempt = { ports, type, message, options: revealed.options, redact, notes, signal }
    if (!mayBegin()) return NOT_BEGUN
    isAsked = true
    const receipt = await (update ? transmitUpdate(attempt, update) : transmit(attempt))
    return deliveredResult(receipt, redact, describeOutcome)
  } catch (error) {
    const result = failureResult(ports.log, destination.name, error, redact, describeOutcome)
    return isAsked ? withAnswer(result, error, redact) : result
  }
}

/** A reference that does not fit is left out: the provider's record is then looked up, or the update fails visibly. */
function deliveredResult(
  { status, message, remoteReference }: Receipt,
  redact: Redact,
  describeOutcome: (message: string) => string,
): SendResult {
  const reference = remoteReference === undefined ? undefined : redact(remoteReference)
  const isKept = reference !== undefined && Buffer.byteLength(reference) <= MAX_REFERENCE_BYTES
  return {
    result: 'delivered',
    status: status ?? null,
    message: describeOutcome(message),
    ...(isKept && { remoteReference: reference }),
  }
}

/** Shortens text of others. Secrets are redacted before, because a half secret would not be recognized. */
function shortened(message: string): string {
  const text = message.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return truncateText(text, MAX_MESSAGE_CHARS)
}

/** The load rejects a registry that sends an unsupported kind to a type, but the fallback can still bring one here. */
function assertKindSupported({ type, refuses = {} }: DestinationType, { notification }: Message): void {
  const reason = refuses[notification.type]
  if (reason !== undefined)
    throw new PermanentError(`${type} does not support ${notification.type}: ${reason}`)
}

interface Attempt {
  readonly ports: SendPorts
  readonly type: DestinationType
  readonly message: Message
  readonly options: Options
  readonly redact: Redact
  /** Notes of what was cut to fit the limits of the provider. */
  readonly notes: string[]
  readonly signal: AbortSignal
}

async function transmit(attempt: Attempt): Promise<Receipt> {
  const { type, message, options } = attempt
  if (usesHttp(type)) return runExchange(attempt, requestSteps(type, message, options))
  return sendPayload(attempt, type, type.payload(message, options as never))
}

/** A type without HTTP sends the payload itself. */
async function sendPayload(
  { ports, options, notes, signal }: Attempt,
  type: DirectDestination,
  { notes: cuts = [], ...payload }: object & DeliveryNotice,
): Promise<Receipt> {
  const { print, projectRoot } = ports
  notes.push(...cuts)
  const printLine = (line: string) => print(line, signal)
  const fetchCredentials = credentialRequests(ports.http, { transport: transportOf(options) })
  const own = { signal, print: printLine, projectRoot, http: fetchCredentials }
  return type.send(payload as never, options as never, own)
}

async function transmitUpdate(attempt: Attempt, update: UpdateDetails): Promise<Receipt> {
  const { type, message, options } = attempt
  if (!type.updates) throw new PermanentError(`${type.type} does not support updates`)
  const whole = { ...message, ...update }
  if (usesHttp(type)) return runExchange(attempt, type.updates!.exchange(whole, options as never))
  return sendPayload(attempt, type, type.updates.payload(whole, options as never))
}

/** Runs the exchange step by step. A failure is thrown into the exchange, which can handle it. */
async function runExchange(attempt: Attempt, steps: Steps): Promise<Receipt> {
  let step = steps.next()
  while (!step.done) {
    const { value } = step
    step = await sendRequest(attempt, value).then(
      (answer) => steps.next(answer),
      (error: unknown) => steps.throw(error),
    )
  }
  return step.value
}

async function sendRequest(attempt: Attempt, outgoing: Outgoing): Promise<Answer> {
  const { ports, type, message, options, redact, notes, signal } = attempt
  notes.push(...(outgoing.notes ?? []))
  if (!usesHttp(type)) throw new Bug('only types that use HTTP send requests')
  const plain = withStandardHeaders(outgoing, message, options, ports.version)
  const lookUp = credentialRequests(ports.http, options)
  const request = type.sign ? await type.sign(plain, options as never, signal, lookUp) : plain
  // A secret in the body, as in PagerDuty's requests, is only for the host that the registry names, and so is a signature.
  const keepsOrigin = type.sign !== undefined || redact(request.body) !== request.body
  const sent = await sendAuthorized(ports.http, request, signal, options, keepsOrigin)
  // The body is redacted before it is cut, because a half secret would not be recognized.
  const mask = headerRedactor(sent.request.headers)
  const answer = { ...sent.response, body: mask(redact(sent.response.body)) }
  return { ...answer, receipt: readAnswer(answersTo(type, outgoing, options), answer, ports.clock.now()) }
}

/** What the answers to this request mean: a request can have a success of its own. */
function answersTo({ answers }: HttpType, { success: own }: Outgoing, options: Options): Answers {
  const success = own ?? answers.success
  return { ...answers, success: typeof success === 'function' ? success(options as never) : success }
}

/** Bounds a wait that a type read from a response, too: no provider may hold a destination for days. */
function orderedWait(ms: number | undefined): number | null {
  return ms !== undefined && ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : null
}

function failureResult(
  log: Log,
  destination: string,
  error: unknown,
  redact: Redact,
  describeOutcome: (message: string) => string,
): SendResult {
  const message = describeOutcome(messageOf(error))
  if (isError(error, 'retryable')) {
    const { status = null, retryAfterMs } = error
    return { result: 'retry', status, message, retryAfterMs: orderedWait(retryAfterMs) }
  }
  if (isError(error, 'permanent')) {
    const { status = null, scope } = error
    return { result: 'refused', status, message, scope }
  }
  // A missing secret or a type that does not load is a fault of the configuration, not of the alert.
  if (isError(error, 'user')) return { result: 'refused', status: null, message, scope: 'destination' }
  const stack = redact(error instanceof Error ? (error.stack ?? message) : message)
  log.error({ destination, stack }, 'a destination type raised an unexpected error; the delivery is retried')
  return { result: 'retry', status: null, message: `internal error: ${message}`, retryAfterMs: null }
}

/** Adds what was answered: refusals with the same answer are compared. */
function withAnswer(result: SendResult, error: unknown, redact: Redact): SendResult {
  const answer = redact(messageOf(error))
  if (result.result === 'refused') return { ...result, answer }
  const isForeign = isError(error, 'retryable') && error.isForeign
  return result.result === 'retry' && isForeign ? { ...result, foreign: answer } : result
}
