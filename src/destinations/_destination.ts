/** The contract of a destination type: one file per type; the file's name is the type. */
import type { JsonText, Notification } from '../model/alert.ts'
import type { HttpRequest, HttpResponse } from '../model/ports.ts'

/** One alert on its way to one destination. */
export interface Message {
  /** The destination's name in destinations.yaml. */
  readonly destination: string
  readonly notification: Notification
  /** The notification's exact text: send this where the body is the notification. */
  readonly json: JsonText
  /** Long-form fields that are not part of the notification. */
  readonly reference: string
  /** The same on every attempt: give it to the provider, user headers must not override it. */
  readonly idempotencyKey: string
  /** Epoch milliseconds of this attempt. */
  readonly at: number
}

/** What a successful attempt is remembered by. */
export interface Receipt {
  readonly status?: number
  /** The provider's answer or id, already bounded. */
  readonly message: string
}

export interface SendPorts {
  readonly signal: AbortSignal
  /** Writes one line to the process's standard output. */
  readonly print: (line: string) => void
  /** Absolute path of the project; relative paths in options start there. */
  readonly projectRoot: string
}

/** JSON Schema of the options; a property with `secret: true` should hold a `${env:}` or `${file:}` reference. */
export type OptionsSchema = {
  readonly type: 'object'
  readonly required?: readonly string[]
  readonly properties: Readonly<Record<string, object>>
  readonly additionalProperties: false
}

interface Described {
  readonly type: string
  /** One line for listings and docs. */
  readonly summary: string
  readonly options: OptionsSchema
}

/** Most types: a pure function from message to request; sending, time limits and redaction are shared. */
export interface HttpDestination<O = never> extends Described {
  /** Pure. Options are complete with their secrets (or with placeholders, for a preview). */
  request(message: Message, options: O): HttpRequest
  /**
   * Only where the provider's answer differs from the status rule: returns, or throws Retryable or PermanentError.
   * Undefined leaves the decision to the status rule.
   */
  receipt?(response: HttpResponse): Receipt | undefined
}

/** Types that do not speak HTTP. Throws RetryableError or PermanentError; anything else is treated as our bug and retried. */
export interface DirectDestination<O = never> extends Described {
  send(message: Message, options: O, ports: SendPorts): Promise<Receipt>
}

export type DestinationType<O = never> = HttpDestination<O> | DirectDestination<O>

/** Gives the options their type in one place; the schema has already checked them. */
export function defineDestination<O>(type: DestinationType<O>): DestinationType {
  return type as DestinationType
}
