/** The kinds of failure. Who can fix it decides the class; `cause` always carries the original error. */
import type { UserErrorCode } from './error-codes.ts'

const BRAND = Symbol.for('signalbox.error')

export type ErrorKind = 'user' | 'retryable' | 'permanent' | 'bug'

abstract class BrandedError extends Error {
  abstract readonly kind: ErrorKind
  readonly [BRAND] = true
}

/** The author or operator can fix it. It is shown without a stack, and the exit code is 2. */
export class UserError extends BrandedError {
  readonly kind = 'user'
  override name = 'UserError'
  /** A stable name of the cause, listed in docs/reference/error-codes.md. */
  readonly code: UserErrorCode | undefined
  readonly hint: string | undefined
  constructor(message: string, options: { code?: UserErrorCode; hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = options.code
    this.hint = options.hint
  }
}

export interface SendFailure {
  /** Protocol status where there is one, for example an HTTP status. */
  status?: number
  cause?: unknown
}

/** A delivery attempt failed and a later one may succeed. */
export class RetryableError extends BrandedError {
  readonly kind = 'retryable'
  override name = 'RetryableError'
  readonly status: number | undefined
  /** The wait in milliseconds that the provider requests (Retry-After). Such a wait spends no attempt. */
  readonly retryAfterMs: number | undefined
  /** The answer was not the provider's: something in between gave it. */
  readonly isForeign: boolean
  constructor(message: string, options: SendFailure & { retryAfterMs?: number; isForeign?: boolean } = {}) {
    super(message, { cause: options.cause })
    this.status = options.status
    this.retryAfterMs = options.retryAfterMs
    this.isForeign = options.isForeign ?? false
  }
}

/**
 * No later attempt of the same request can succeed. Scope `delivery`: this message is refused;
 * scope `destination`: the destination itself is misconfigured, for example its token, and pauses.
 */
export class PermanentError extends BrandedError {
  readonly kind = 'permanent'
  override name = 'PermanentError'
  readonly status: number | undefined
  readonly scope: 'delivery' | 'destination'
  constructor(message: string, options: SendFailure & { scope?: 'delivery' | 'destination' } = {}) {
    super(message, { cause: options.cause })
    this.status = options.status
    this.scope = options.scope ?? 'delivery'
  }
}

/** A state that the program must never reach. It is shown with its stack. */
export class Bug extends BrandedError {
  readonly kind = 'bug'
  override name = 'Bug'
}

type ErrorOf = { user: UserError; retryable: RetryableError; permanent: PermanentError; bug: Bug }

/** Brand check instead of `instanceof`, so that classes from a second copy of the package are recognised. */
export function isError<K extends ErrorKind>(error: unknown, kind: K): error is ErrorOf[K] {
  return (
    typeof error === 'object' && error !== null && BRAND in error && (error as BrandedError).kind === kind
  )
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? message : String(error)
}
