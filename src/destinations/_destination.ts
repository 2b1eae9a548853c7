/** The contract of a destination type: one file per type; the file's name is the type. */

import type { JsonText } from '../core/exact-json.ts'
import type { Notification } from '../model/alerts/alert.ts'
import type { AlertKind } from '../model/alerts/alert-kind.ts'
import type { HttpRequest, HttpResponse } from '../model/ports.ts'
import { type OptionsSchema, type TemplatePart, TRANSPORT_SCHEMA, templateSchema } from './_options.ts'

export type { OptionsSchema } from './_options.ts'

/** One alert on its way to one destination. */
export interface Message {
  /** The destination's name in destinations.yaml. */
  readonly destination: string
  readonly notification: Notification
  /** The notification's exact text: send this where the body is the notification. */
  readonly json: JsonText
  /** Long-form fields that are not part of the notification. */
  readonly reference: string
  /** What to put where the provider has a headline: the notification's title unless a template says otherwise. */
  readonly title: string
  /** What a template made of the long text; null: the type writes its own. */
  readonly body: string | null
  /** What a template made of the whole payload, as JSON; null but for types that take one. */
  readonly payload: JsonText | null
  /** The same on every attempt: give it to the provider, user headers must not override it. */
  readonly idempotencyKey: string
  /** An earlier attempt may have been carried out: where the provider knows no key, look for its result first. */
  readonly repeated: boolean
  /** Epoch milliseconds of this attempt. */
  readonly at: number
}

/** What a successful attempt is remembered by. */
export interface Receipt {
  readonly status?: number
  /** The provider's answer or id, already bounded. */
  readonly message: string
}

/** What was cut or left out to fit the provider, for the delivery's history. */
export interface DeliveryNotice {
  readonly notes?: readonly string[]
}

/** A request, and what its type left out of it. */
export type Outgoing = HttpRequest & DeliveryNotice

/** An answer that counts as good, with the receipt that the status rule or the type's own made of it. */
export type Answer = HttpResponse & { readonly receipt: Receipt }

interface TypeDescription {
  readonly type: string
  /** One line for listings and docs. */
  readonly summary: string
  readonly options: OptionsSchema
  /** What of a message a template may replace; without a word: title and body. */
  readonly templates?: readonly TemplatePart[]
  /**
   * Makes a field safe within this type's markup, where a template puts it into the body. Absent: the body is plain,
   * and escaped by the type as a whole.
   */
  readonly escapeField?: (text: string) => string
  /** Kinds of alert that this type can't carry, each with the reason: refused where the registry is loaded. */
  readonly refuses?: Readonly<Partial<Record<AlertKind, string>>>
}

interface HttpTypeDescription<O> extends TypeDescription {
  /**
   * Only where the provider's answer differs from the status rule: returns, or throws Retryable or PermanentError.
   * Undefined leaves the decision to the status rule.
   */
  receipt?(response: HttpResponse): Receipt | undefined
  /** Where the credentials that are looked up come from, for `doctor`; throws where there are none. */
  identity?(options: O): Promise<string>
  /** Only where requests are signed with credentials that have to be looked up: the last step before the wire. */
  sign?(request: HttpRequest, options: O, signal: AbortSignal): Promise<HttpRequest>
}

/** Most types: a pure function from message to request; sending, time limits and redaction are shared. */
export interface HttpDestination<O = never> extends HttpTypeDescription<O> {
  /** Pure. Options are complete with their secrets, or with placeholders for a preview: never parse one. */
  request(message: Message, options: O): Outgoing
}

/**
 * Types that need several requests. Pure: yields a request, is given its answer when that counts as good, returns the
 * receipt. A failure is thrown at the yield; what is not caught there ends the attempt.
 */
export interface ExchangeDestination<O = never> extends HttpTypeDescription<O> {
  exchange(message: Message, options: O): Generator<Outgoing, Receipt, Answer>
}

export interface SendPorts {
  readonly signal: AbortSignal
  /** Writes one line to the process's standard output; resolves when the line has left the process. */
  readonly print: (line: string) => Promise<void>
  /** Absolute path of the project; relative paths in options start there. */
  readonly projectRoot: string
}

/** Types that do not speak HTTP. */
export interface DirectDestination<O = never, P extends object = object> extends TypeDescription {
  /** Pure: what goes over the wire, as plain JSON; `explain` shows it. */
  payload(message: Message, options: O): P & DeliveryNotice
  /** Throws RetryableError or PermanentError; anything else is treated as our bug and retried. */
  send(payload: P, options: O, ports: SendPorts): Promise<Receipt>
}

export type DestinationType<O = never, P extends object = never> =
  | HttpDestination<O>
  | ExchangeDestination<O>
  | DirectDestination<O, P>

export function usesHttp(type: DestinationType): type is HttpDestination | ExchangeDestination {
  return !('send' in type)
}

/** Gives the options their type in one place (the schema has already checked them), and the type its shared options. */
export function defineDestination<O, P extends object = never>(type: DestinationType<O, P>): DestinationType {
  const { properties } = type.options
  const parts = type.templates ?? ['title', 'body']
  const shared = {
    ...(parts.length > 0 && { template: templateSchema(parts) }),
    ...('send' in type ? {} : { transport: TRANSPORT_SCHEMA }),
  }
  return {
    ...type,
    options: { ...type.options, properties: { ...properties, ...shared } },
  } as DestinationType
}
