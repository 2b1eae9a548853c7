/** The contract of a destination type. There is one file per type, and its name is the type. */

import type { JsonText } from '../core/exact-json.ts'
import type { Notification } from '../model/alerts/alert.ts'
import type { AlertKind } from '../model/alerts/alert-kind.ts'
import type { AlertUpdate, UpdateEvent } from '../model/alerts/alert-update.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpRequest, HttpResponse, SendRequest } from '../model/ports.ts'
import type { AttemptOutcomes, ProviderAnswers, Success } from './_answers.ts'
import {
  type OptionsSchema,
  SIGNED_TRANSPORT_SCHEMA,
  type TemplatePart,
  TRANSPORT_SCHEMA,
  templateSchema,
} from './_options.ts'

export type {
  AnswerEffect,
  AnswerRule,
  AttemptOutcomes,
  FaultRule,
  ProviderAnswers,
  ProviderError,
  Success,
} from './_answers.ts'
export type { OptionsSchema } from './_options.ts'

/** One alert that is sent to one destination: the input of `request`, `exchange` and `payload`. */
export interface Message {
  /** The destination's name in destinations.yaml. */
  readonly destination: string
  readonly notification: Notification
  /** The exact JSON text of the notification. Send it if the body is the notification, because its numbers keep all digits. */
  readonly json: JsonText
  /** The reference of the detection, which is not part of the notification; empty: there is none. */
  readonly reference: string
  /** The headline: the title of the notification, or the result of a template. */
  readonly title: string
  /** The result of a template for the long text; null: the type writes its own. */
  readonly body: string | null
  /** The result of a template for the whole payload, as JSON; null: there is none. */
  readonly payload: JsonText | null
  /** A key that is the same on every attempt. Send it to the provider; headers of the user must not override it. */
  readonly idempotencyKey: string
  /** True: the provider's hook is configured, so that the message can have controls with which people answer the alert. */
  readonly isAnswerable?: boolean
  /** True: an earlier attempt may have succeeded. If the provider has no idempotency keys, look for its result first. */
  readonly repeated: boolean
  /** The time of this attempt in epoch milliseconds. */
  readonly at: number
}

/** What happened to an alert after it was delivered: the input of `updates.exchange`. */
export interface Update extends Message, AlertUpdate {
  /** The idempotency key of the delivery of the alert. That of the update differs. */
  readonly firstKey: string
  /** What the delivery of the alert returned; null: nothing, for example because an earlier version sent it. */
  readonly remoteReference: JsonText | null
  /** The highest severity so far. */
  readonly severity: Severity
  /** The number of events of the alert so far. */
  readonly eventCount: number
  /** Earlier attempts were made after this time, in epoch milliseconds. It bounds a search for what they created. */
  readonly attemptedSince: number
}

/** The result of a successful attempt, which the history of the delivery keeps. */
export interface Receipt {
  readonly status?: number
  /** The provider's answer or id, cut to its limit. */
  readonly message: string
  /** What an update needs to find the record of this alert, as JSON of at most 2 KiB. It must contain no secret. */
  readonly remoteReference?: JsonText
}

/** Notes on what was cut or omitted because of the provider's limits. The history of the delivery keeps them. */
export interface DeliveryNotice {
  readonly notes?: readonly string[]
}

/** A request, with notes on what was cut or omitted in it. */
export type Outgoing = HttpRequest &
  DeliveryNotice & {
    /** What a success of this request is, where it differs from that of the type: for example of a search. */
    readonly success?: readonly Success[]
  }

/** A successful response, with the receipt that the type's `answers` made of it. */
export type Answer = HttpResponse & { readonly receipt: Receipt }

/** Sends one request by the transport of the destination and returns the answer, whatever its status. */
export type { SendRequest } from '../model/ports.ts'

/** How many alerts a provider accepts in a time. */
export interface ProviderRate {
  /** What the provider documents, as a sentence. */
  readonly documented: string
  /** The default of `rateLimit`; absent: there is no limit that holds for every user. */
  readonly limit?: { readonly perMinute: number; readonly burst: number }
}

interface TypeDescription {
  readonly type: string
  /** The line for listings and docs. */
  readonly summary: string
  readonly options: OptionsSchema
  /** The parts of a message that a template can replace. The default is title and body. */
  readonly templates?: readonly TemplatePart[]
  /**
   * Escapes a field that a template puts into the body, for the markup of this type. Without it the body is plain text,
   * which the type escapes as a whole.
   */
  readonly escapeField?: (text: string) => string
  /** The rate of the provider. The bundled types that use HTTP state it, and their pages show it. */
  readonly rate?: ProviderRate
  /** `json`: a digest is `{ digest, alerts }` in the place of the notification. Absent: it is a notification with a list. */
  readonly digest?: 'json'
  /** True: a delivery calls a person. An alert that is resolved before it was sent is not sent any more. */
  readonly pages?: boolean
  /** Alert types that this destination type cannot send, each with the reason. Loading the registry reports them. */
  readonly refuses?: Readonly<Partial<Record<AlertKind, string>>>
}

/** The announced end of a provider's service, which loading the registry reports. */
export interface EndOfSupport {
  /** What ends, and when. */
  readonly message: string
  /** What to use instead, in the imperative. */
  readonly hint: string
}

interface EndingType<O> extends TypeDescription {
  /** Says that the service of these options ends; undefined: it does not. The options may contain references. */
  endOfSupport?(options: O): EndOfSupport | undefined
}

/** The events of which a provider can be informed. A destination chooses among them; by default none. */
interface UpdateChoice<O = never> {
  readonly events: readonly UpdateEvent[]
  /** Says why these options allow no updates; undefined: they do. The options may contain references. */
  unavailable?(options: O): string | undefined
}

/** How a type without HTTP says what happened to an alert: the payload of an update is sent as that of an alert. */
export interface DirectUpdateSupport<O = never, P extends object = object> extends UpdateChoice<O> {
  payload(update: Update, options: O): P & DeliveryNotice
}

/** How a type says at its provider what happened to an alert. */
export interface UpdateSupport<O = never> extends UpdateChoice<O> {
  /**
   * Makes the requests for the events of one update, as `exchange` does for an alert. A repeated attempt must find out
   * what the one before it did. An answer that refuses an update never pauses the destination.
   */
  exchange(update: Update, options: O): Generator<Outgoing, Receipt, Answer>
}

interface HttpTypeDescription<O> extends EndingType<O> {
  /** Absent: the type has no updates. */
  readonly updates?: UpdateSupport<O>
  /** What the provider's answers mean. Nothing is delivered without an answer that this calls a success. */
  readonly answers: ProviderAnswers<O>
  /** Returns the origin of the credentials for `doctor`; throws when there are none. */
  identity?(options: O, send: SendRequest): Promise<string>
  /**
   * Signs a request with credentials that must be looked up, as the last step before sending. `send` makes the requests
   * of the look-up, which travel as the request itself does.
   */
  sign?(request: HttpRequest, options: O, signal: AbortSignal, send: SendRequest): Promise<HttpRequest>
}

/** A type with one HTTP request per message, as a pure function. Sending, time limits and redaction are shared. */
export interface HttpDestination<O = never> extends HttpTypeDescription<O> {
  /** Pure. The options contain the secrets, or placeholders in a preview, so never parse a secret. */
  request(message: Message, options: O): Outgoing
}

/**
 * A type with several HTTP requests per message. Pure: it yields a request, gets its response if that is successful, and
 * returns the receipt. A failure is thrown at the `yield`; if it is not caught there, it ends the attempt.
 */
export interface ExchangeDestination<O = never> extends HttpTypeDescription<O> {
  exchange(message: Message, options: O): Generator<Outgoing, Receipt, Answer>
}

/** The ports of `send` for types without HTTP. */
export interface SendPorts {
  /** Aborted at the deadline of the attempt, and when the process stops. */
  readonly signal: AbortSignal
  /** Writes one line to standard output; resolves when the line has left the process. */
  readonly print: (line: string) => Promise<void>
  /** The absolute path of the project, to which paths in options are relative. */
  readonly projectRoot: string
  /** Fetches credentials over HTTP, by the option `transport` if the type has one. */
  readonly http: SendRequest
}

/** A type that does not use HTTP. */
export interface DirectDestination<O = never, P extends object = object> extends EndingType<O> {
  /** What comes of an attempt. The bundled types state it, and their pages show it. */
  readonly outcomes?: AttemptOutcomes
  /** Pure: the payload as plain JSON, which `explain` shows. */
  payload(message: Message, options: O): P & DeliveryNotice
  /** Absent: the type has no updates. */
  readonly updates?: DirectUpdateSupport<O, P>
  /** Sends the payload. Throws RetryableError or PermanentError; any other error is treated as a bug and retried. */
  send(payload: P, options: O, ports: SendPorts): Promise<Receipt>
}

/** A destination type. `O` is the type of its options, `P` that of the payload of a type without HTTP. */
export type DestinationType<O = never, P extends object = never> =
  | HttpDestination<O>
  | ExchangeDestination<O>
  | DirectDestination<O, P>

export function usesHttp(type: DestinationType): type is HttpDestination | ExchangeDestination {
  return !('send' in type)
}

/**
 * Defines a destination type. A file of the project exports the result by default, and destinations.yaml names the file
 * as `type`. The options were checked by the schema before any function of the type runs; the options `template` and
 * `transport` are added to the schema.
 * @example
 * export default defineDestination<{ url: string }>({
 *   type: 'my-webhook',
 *   summary: 'My webhook',
 *   options: {
 *     type: 'object',
 *     properties: { url: { type: 'string', secret: true } },
 *     required: ['url'],
 *     additionalProperties: false,
 *   },
 *   request: ({ json }, { url }) => ({
 *     method: 'POST', url, headers: { 'content-type': 'application/json' }, body: json,
 *   }),
 *   answers: { provider: 'the receiver', success: [{ status: [202], field: 'id' }], rules: [] },
 * })
 */
export function defineDestination<O, P extends object = never>(type: DestinationType<O, P>): DestinationType {
  const { properties } = type.options
  const parts = type.templates ?? ['title', 'body']
  const shared = {
    ...(parts.length > 0 && { template: templateSchema(parts) }),
    ...('send' in type ? {} : { transport: 'sign' in type ? SIGNED_TRANSPORT_SCHEMA : TRANSPORT_SCHEMA }),
  }
  return {
    ...type,
    options: { ...type.options, properties: { ...properties, ...shared } },
  } as DestinationType
}
