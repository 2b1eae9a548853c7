/** What the errors of AWS mean for a destination. */
import type { AnswerRule } from '../_destination.ts'

const WRONG_CLOCK = 'the clock of this machine is wrong, or the request was on its way for minutes'

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
