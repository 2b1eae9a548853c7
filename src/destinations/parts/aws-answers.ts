/** The answers of AWS: the code of an error is more precise than its status, which is mostly 400 or 403. */
import { textAt } from '../../core/json-path.ts'
import type { HttpResponse } from '../../model/ports.ts'
import type { AnswerRule, ProviderError } from '../_destination.ts'
import { forgetCredentials } from './aws.ts'

const EXPIRED = /^(?:ExpiredToken|ExpiredTokenException|TokenRefreshRequired|RequestTimeTooSkewed)$/

/** Reads the error of the JSON and of the query protocol. The next attempt looks for credentials again if these have expired. */
export function awsError({ status, body }: HttpResponse): ProviderError | undefined {
  if (status < 300) return undefined
  const given = textAt(body, '__type') || (/<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? '')
  const code = given.replace(/^.*#/, '').replace(/^AWS\.SimpleQueueService\./, '')
  const reason =
    textAt(body, 'message') || textAt(body, 'Message') || (/<Message>([^<]*)</.exec(body)?.[1] ?? '')
  if (EXPIRED.test(code)) forgetCredentials()
  return code || reason
    ? { codes: code ? [code] : [], text: [code, reason].filter(Boolean).join(': ') }
    : undefined
}

/** The errors common to all services, and those of KMS, by which queues and topics are encrypted. */
export const AWS_RULES: readonly AnswerRule[] = [
  {
    codes: [
      'Throttl*',
      'RequestThrottled*',
      'RequestLimitExceeded',
      'TooManyRequests*',
      'KMSThrottling*',
      'KmsThrottled*',
      'OverLimit',
      'Internal*',
      'ServiceUnavailable*',
      'RequestTimeout*',
      'SlowDown',
    ],
    effect: 'retry',
  },
  {
    codes: ['ExpiredToken*', 'TokenRefreshRequired', 'RequestExpired', 'RequestTimeTooSkewed'],
    effect: 'retry',
    meaning: 'credentials are looked for again',
  },
  {
    codes: [
      'AccessDenied*',
      'AuthorizationError*',
      'NotAuthorized*',
      'InvalidClientTokenId',
      'UnrecognizedClient*',
      'SignatureDoesNotMatch',
      'InvalidSignature*',
      'IncompleteSignature',
      'MissingAuthenticationToken*',
      'InvalidSecurity*',
      'OptInRequired',
    ],
    effect: 'pause',
    meaning: 'the credentials or their permissions',
  },
  {
    codes: ['KMS*', 'Kms*'],
    effect: 'pause',
    meaning: 'the key that encrypts it',
  },
]
