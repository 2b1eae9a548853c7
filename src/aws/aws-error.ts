/** Reads the errors of AWS: the code of an error is more precise than its status, which is mostly 400 or 403. */
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { forgetCredentials } from './aws-credentials.ts'

/** The credentials are not accepted, and others may have taken their place where they were found. */
const REFUSED_CREDENTIALS =
  /^(?:ExpiredToken|TokenRefreshRequired|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|InvalidToken|InvalidSecurity|SignatureDoesNotMatch|InvalidSignature)/

export interface AwsError {
  /** One code, or none. */
  readonly codes: readonly string[]
  readonly text: string
}

/** Reads the error of the JSON and of the query protocol. The next attempt looks for credentials again if these were refused. */
export function awsError({ status, body }: HttpResponse): AwsError | undefined {
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
