/** Errors of the API, as RFC 9457 has them, with a code that programs compare. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isError, messageOf } from '../../errors.ts'
import type { Log } from '../../model/ports.ts'

export interface ProblemAnswer {
  readonly status: number
  readonly code: string
  /** What is wrong. */
  readonly title: string
  readonly hint?: string
}

/** Ends a request with a problem. */
export class ApiProblem extends Error {
  readonly answer: ProblemAnswer

  constructor(answer: ProblemAnswer) {
    super(answer.title)
    this.answer = answer
  }
}

/** The status of errors that the functions of the commands report. Others are 409: the state does not permit the act. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'unknown-id': 404,
  'unknown-destination': 404,
  'unknown-detection': 404,
  'too-long': 422,
  'invalid-silence': 422,
  'changing-silence': 503,
  'changed-alert': 412,
  'changing-alert': 503,
  'changing-limiter': 503,
  'inaccessible-store': 503,
  'lost-store': 503,
}

export function sendProblem(reply: FastifyReply, { status, ...problem }: ProblemAnswer): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send({ type: 'about:blank', status, ...problem })
}

export function problemHandler(log: Log) {
  return (error: FastifyError | Error, _request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    sendProblem(reply, problemOf(error, log))
}

function problemOf(error: FastifyError | Error, log: Log): ProblemAnswer {
  if (error instanceof ApiProblem) return error.answer
  if (isError(error, 'user')) {
    const { code = 'refused', hint } = error
    return {
      status: STATUS_OF_CODE[code] ?? 409,
      code,
      title: error.message,
      ...(hint !== undefined && { hint }),
    }
  }
  const status = 'statusCode' in error ? Number(error.statusCode) : 500
  if ('validation' in error && error.validation)
    return { status: 422, code: 'invalid-request', title: messageOf(error) }
  if (status === 413) return { status, code: 'too-large', title: 'the body is larger than 65536 bytes' }
  if (status === 415) return { status, code: 'unsupported-type', title: 'the body is not application/json' }
  if (status === 429)
    return {
      status,
      code: 'too-many-requests',
      title: 'this token has sent too many requests',
      hint: 'wait as Retry-After says',
    }
  if (status >= 400 && status < 500) return { status, code: 'invalid-request', title: messageOf(error) }
  log.error({ error }, 'a request to the API failed')
  return { status: 500, code: 'internal-error', title: 'internal error' }
}
