/** How a destination type says what its provider answers: what a success is, and what each known error means. */
import type { HttpResponse } from '../model/ports.ts'

/**
 * A form of answer that the provider gives only to a request that it carried out. Everything that is stated must hold.
 * An HTML page matches only where `contentType` names HTML, because it usually comes from a proxy or a sign-in page.
 */
export interface Success {
  /** The statuses; absent: any 2xx. */
  readonly status?: readonly number[]
  /** The beginning of the content type. */
  readonly contentType?: string
  /** The whole body without outer white space; empty: there is no body. */
  readonly text?: string
  /** Values in the JSON body by their paths, for example `{ 'result.ok': true }`. */
  readonly json?: Readonly<Record<string, string | number | boolean>>
  /** The path of a value that the JSON body must contain, for example `data.gid` or `messageIds.0`. It can be read from a truncated body. */
  readonly field?: string
  /** The name of a list that the JSON body must contain; empty: the body is the list. */
  readonly list?: string
  /** The name of a header in lower case that the answer must have. */
  readonly header?: string
  /** True: the body must be a complete JSON object, which may be empty. */
  readonly object?: true
  /** The name of an element that the XML body must contain. */
  readonly element?: string
  /** Builds the message of the receipt from the value of `field`, `element` or `header` and the body; absent: the beginning of the body. */
  readonly receipt?: (value: string, body: string) => string
}

/** The error in an answer, in the words of the provider. */
export interface ProviderError {
  /** The codes of the error: one, or one for each field that is refused. */
  readonly codes: readonly string[]
  /** The text for people; empty: the beginning of the body. */
  readonly text: string
  /** The wait that the body orders, in milliseconds. */
  readonly retryAfterMs?: number
}

/**
 * `retry`: a later attempt may succeed. `dead`: this alert is refused, and others may be accepted.
 * `pause`: the destination is misconfigured, and every other alert would be refused, too.
 */
export type AnswerEffect = 'retry' | 'dead' | 'pause'

/** What one known answer means. Everything that is stated must hold; the first rule that matches decides. */
export interface AnswerRule {
  readonly status?: readonly number[]
  /**
   * Codes of the error; one that ends in `*` stands for all that begin with it. With `dead` every code of the answer must
   * be listed, otherwise one is enough: an error that also concerns the set-up is a fault of the set-up.
   */
  readonly codes?: readonly string[]
  /** Parts of the text, of which one must occur, in any case. */
  readonly texts?: readonly string[]
  readonly effect: AnswerEffect
  /** What is wrong, or what to do, in a few words. */
  readonly meaning?: string
}

/** All that a type knows of its provider's answers. The docs page of the type shows it as a table. */
export interface ProviderAnswers<O = never> {
  /** The name of the provider, for messages. */
  readonly provider: string
  /** The answer is a success if one of these forms matches. An answer with 2xx that matches none is not the provider's, and is retried. */
  readonly success: readonly Success[] | ((options: O) => readonly Success[])
  /** Reads the error of an answer; undefined: there is none in it. */
  readonly error?: (response: HttpResponse) => ProviderError | undefined
  readonly rules: readonly AnswerRule[]
  /** `pause`: a code that no rule names pauses the destination. Otherwise the status decides, if it is not 2xx. */
  readonly unlisted?: 'pause'
}

/** A fault of an attempt that uses no HTTP, and what it means. The first rule that matches decides. */
export interface FaultRule {
  /** What the receiver answered, or what happened, in a few words. */
  readonly fault: string
  readonly effect: AnswerEffect
  readonly matches: (error: unknown) => boolean
}

/** What comes of an attempt that uses no HTTP. The docs page of the type shows it as a table. */
export interface AttemptOutcomes {
  /** What a delivery is. */
  readonly delivered: string
  readonly faults: readonly FaultRule[]
  /** The other faults, which are all retried. */
  readonly retried: string
}
