/** Reads an answer by what its destination type says of its provider: returns a receipt, or throws the failure. Pure. */
import type {
  AnswerRule,
  ProviderAnswers,
  ProviderError,
  Receipt,
  Success,
} from '../../destinations/_destination.ts'
import { PermanentError, RetryableError } from '../../errors.ts'
import type { HttpResponse } from '../../model/ports.ts'
import { bodyExcerpt, describeResponse, parseRetryAfterMs, throwByStatus } from './classify-response.ts'
import { isHtml, readSuccess } from './read-success.ts'

export type Answers = Pick<ProviderAnswers, 'provider' | 'error' | 'rules' | 'unlisted'> & {
  readonly success: readonly Success[]
}

export function readAnswer(answers: Answers, response: HttpResponse, now: number): Receipt {
  const { status } = response
  const error = answers.error?.(response)
  const isReported = error !== undefined && error.codes.length > 0
  const message = isReported ? undefined : readSuccess(answers.success, response)
  if (message !== undefined) return { status, message }
  const rule = answers.rules.find((each) => applies(each, status, error))
  if (rule) throw ruleFailure(answers, rule, response, error, now)
  if (status < 200 || status > 299) {
    if (answers.unlisted === 'pause' && isClientError(status) && isReported) {
      throw new PermanentError(errorMessage(answers, response, error), { status, scope: 'destination' })
    }
    return throwByStatus(response, now, error)
  }
  // A code in an answer with 2xx is the provider's refusal, also if no list names it.
  if (isReported) {
    throw new PermanentError(errorMessage(answers, response, error), { status, scope: 'destination' })
  }
  if (response.incomplete) throw new RetryableError('the answer is incomplete', { status })
  throw new RetryableError(foreignMessage(answers, response), { status, isForeign: true })
}

/** 408, 425 and 429 order a wait, whatever code they carry. */
function isClientError(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status)
}

function applies(rule: AnswerRule, status: number, error: ProviderError | undefined): boolean {
  const { codes, texts } = rule
  if (rule.status && !rule.status.includes(status)) return false
  if (texts && !texts.some((text) => error?.text.toLowerCase().includes(text.toLowerCase()))) return false
  if (!codes) return true
  if (!error || error.codes.length === 0) return false
  const isListed = (code: string) => codes.some((listed) => matchesCode(listed, code))
  return rule.effect === 'dead' ? error.codes.every(isListed) : error.codes.some(isListed)
}

function matchesCode(listed: string, code: string): boolean {
  return listed.endsWith('*') ? code.startsWith(listed.slice(0, -1)) : code === listed
}

function ruleFailure(
  answers: Answers,
  { effect, meaning }: AnswerRule,
  response: HttpResponse,
  error: ProviderError | undefined,
  now: number,
): RetryableError | PermanentError {
  const { status, headers } = response
  const reported = errorMessage(answers, response, error)
  const message = meaning ? `${reported} (${meaning})` : reported
  if (effect === 'retry') {
    const retryAfterMs = error?.retryAfterMs ?? parseRetryAfterMs(headers['retry-after'], now)
    return new RetryableError(message, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }
  return new PermanentError(message, { status, scope: effect === 'pause' ? 'destination' : 'delivery' })
}

function errorMessage({ provider }: Answers, response: HttpResponse, error?: ProviderError): string {
  const { status } = response
  const text = error?.text || error?.codes.join(', ')
  if (!text) return describeResponse(response)
  return status >= 200 && status < 300 ? `${status}, but ${provider} reports: ${text}` : `${status}: ${text}`
}

/** Names what came instead, because an operator recognizes a sign-in page by its beginning. */
function foreignMessage({ provider }: Answers, response: HttpResponse): string {
  const kind = isHtml(response) ? 'an HTML page' : 'an answer'
  const excerpt = bodyExcerpt(response.body)
  const shown = excerpt ? `: ${excerpt}` : ''
  return `${response.status}, but not with an answer of ${provider}: ${kind} that is not a success${shown}`
}
