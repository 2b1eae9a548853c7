/** The answers of AWS: the code of an error is more precise than its status, which is mostly 400 or 403. */
import { textAt } from '../../core/json-path.ts'
import type { HttpResponse } from '../../model/ports.ts'
import type { AnswerRule, ProviderError } from '../_destination.ts'
import { forgetCredentials } from './aws.ts'

/** The credentials are not accepted, and others may have taken their place where they were found. */
const REFUSED_CREDENTIALS =
  /^(?:ExpiredToken|TokenRefreshRequired|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|InvalidToken|InvalidSecurity|SignatureDoesNotMatch|InvalidSignature)/

const WRONG_CLOCK = 'the clock of this machine is wrong, or the request was on its way for minutes'

/** Reads the error of the JSON and of the query protocol. The next attempt looks for credentials again if these were refused. */
export function awsError({ status, body }: HttpResponse): ProviderError | undefined {
  if (status < 300) return undefined
  const given = textAt(body, '__type') || (/<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? '')
  const code = given.replace(/^.*#/, '').replace(/^AWS\.SimpleQueueService\./, '')
  const reason =
    textAt(body, 'message') || textAt(body, 'Message') || (/<Message>([^<]*)</.exec(body)?.[1] ?? '')
  if (REFUSED_CREDENTIALS.test(code)) forgetCredentials()
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
    codes: ['ExpiredToken*', 'TokenRefreshRequired'],
    effect: 'retry',
    meaning: 'credentials are looked for again',
  },
  {
    codes: ['RequestExpired', 'RequestTimeTooSkewed'],
    effect: 'retry',
    meaning: WRONG_CLOCK,
  },
  {
    codes: ['SignatureDoesNotMatch', 'InvalidSignature*'],
    texts: ['Signature expired', 'Signature not yet current'],
    effect: 'retry',
    meaning: WRONG_CLOCK,
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
