/** Makes the failure of an attempt by the rules that a type without HTTP declares. Pure. */
import { PermanentError, RetryableError, type SendFailure } from '../../../errors.ts'
import type { FaultRule } from '../../_destination.ts'

/** @param message what the history shows. A fault that no rule names is retried. */
export function attemptFailure(
  rules: readonly FaultRule[],
  error: unknown,
  message: string,
  status?: number,
): RetryableError | PermanentError {
  const details: SendFailure = { cause: error, ...(status !== undefined && { status }) }
  const effect = rules.find(({ matches }) => matches(error))?.effect ?? 'retry'
  return effect === 'retry'
    ? new RetryableError(message, details)
    : new PermanentError(message, { ...details, scope: effect === 'pause' ? 'destination' : 'delivery' })
}
