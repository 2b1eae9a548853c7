/** What the contract suite must know of a destination type, and the form of its cases. */
import type { SendResult } from '../../delivery/send.ts'
import type { DestinationType } from '../../destinations/_destination.ts'
import type { HttpRequest } from '../../model/ports.ts'
import type { Answer } from './loopback-receiver.ts'

/** An error of the provider that a rule of the type names. */
export interface DocumentedError {
  /** The status of the rule; absent: that of the provider's errors in general. */
  readonly status?: number
  readonly code: string
  readonly text: string
}

/** A request as the provider gets it. */
export type SentRequest = Pick<HttpRequest, 'method' | 'headers' | 'body'> & {
  /** The path with its query, below the URL that was given to `options`. */
  readonly path: string
}

/** What the suite must know of a type that uses HTTP. */
export interface HttpExpectations {
  /** The answer that the provider documents for a success. */
  readonly accepts: Answer
  /** Throws if the provider would not accept the request. Write it from the provider's documentation. */
  readonly checkRequest?: (request: SentRequest) => void
  /** The statuses that are a success without a body; absent: none. */
  readonly bodyless?: (status: number) => boolean
  /** The statuses of 400 to 499 that are retried because the provider documents it, beside 408, 425 and 429; absent: none. */
  readonly retriedStatuses?: readonly number[]
  /** True: any JSON object is a success, because the receiver decides what it answers. */
  readonly acceptsAnyObject?: true
  /** True: an empty JSON object is a success, and no other text is. */
  readonly acceptsEmptyObject?: true
  /** True: a repeated attempt first looks for the record of an earlier one. */
  readonly lookUp?: true
  /** Builds the answer for an error, in the form that the provider documents. Without it the rules are not tested. */
  readonly errorAnswer?: (error: DocumentedError) => Answer
}

/** A destination type under test. */
export interface ContractSubject extends Partial<HttpExpectations> {
  readonly type: DestinationType
  /**
   * Complete options in which every secret is a literal. `url` is the base URL of a server on loopback, which takes the
   * place of the provider. A type that does not use HTTP need not use it.
   */
  readonly options: (url: string) => Readonly<Record<string, unknown>>
  /** Texts of those options that no output may contain. */
  readonly secrets?: readonly string[]
  /** Takes the payload out of a body that holds more than that; absent: the body is the payload. */
  readonly unwrap?: (body: string) => string
  /** The beginnings of the paths in the body below which the notification is sent exactly, as data; empty: the whole. */
  readonly exact?: readonly string[]
  /** The note for an alert that is too long; absent: nothing is ever cut. */
  readonly cuts?: RegExp
}

/** One test. It needs no test runner: it rejects with an assertion error. */
export interface ContractCase {
  /** The rule that the case checks. Several cases can check one rule. */
  readonly id: string
  /** The title: what the type does. */
  readonly name: string
  readonly run: () => Promise<void>
}

/** The part of a result that a case states; a pattern stands for every message that it matches. */
export type ExpectedResult = Partial<Omit<SendResult, 'message'>> & {
  readonly message?: string | RegExp
  readonly scope?: 'delivery' | 'destination'
}
