/** The errors of Google's APIs, which all have the same form and codes. */
import { parseJsonObject, textAt } from '../../core/json-path.ts'
import type { HttpResponse } from '../../model/ports.ts'
import type { AnswerRule, ProviderError } from '../_destination.ts'
import { forgetIdentities } from './credentials/google-identity.ts'

export function googleError({ status, body }: HttpResponse): ProviderError | undefined {
  if (status === 401) forgetIdentities()
  if (parseJsonObject(body) === undefined) return undefined
  const code = textAt(body, 'error.status')
  return code ? { codes: [code], text: `${code}: ${textAt(body, 'error.message')}` } : undefined
}

/** https://cloud.google.com/apis/design/errors#handling_errors */
export const GOOGLE_RULES: readonly AnswerRule[] = [
  {
    codes: [
      'RESOURCE_EXHAUSTED',
      'UNAVAILABLE',
      'INTERNAL',
      'DEADLINE_EXCEEDED',
      'ABORTED',
      'CANCELLED',
      'UNKNOWN',
    ],
    effect: 'retry',
  },
  { codes: ['INVALID_ARGUMENT', 'OUT_OF_RANGE'], effect: 'dead' },
  { codes: ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND', 'FAILED_PRECONDITION'], effect: 'pause' },
]
