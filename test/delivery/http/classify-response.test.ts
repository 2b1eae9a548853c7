import { describe, expect, it } from 'vitest'
import { parseRetryAfterMs, throwByStatus } from '../../../src/delivery/http/classify-response.ts'
import { isError } from '../../../src/errors.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

function outcome(status: number): string {
  try {
    return throwByStatus({ status, headers: {}, body: '' }, NOW)
  } catch (error) {
    if (isError(error, 'retryable')) return 'retry'
    if (isError(error, 'permanent')) return `refused by ${error.scope}`
    throw error
  }
}

function expected(status: number): string {
  if (status < 400 && status >= 300) return 'refused by destination'
  if ([401, 402, 403, 404, 405, 407, 410].includes(status)) return 'refused by destination'
  if ([408, 425, 429].includes(status) || status >= 500 || status < 200) return 'retry'
  return 'refused by delivery'
}

describe('[DEL-3.3] [DEL-5.1] throwByStatus', () => {
  it('every status from 100 to 599 that is not 2xx has an outcome', () => {
    const all = Array.from({ length: 500 }, (_, i) => 100 + i)
    const statuses = all.filter((status) => status < 200 || status > 299)
    const wrong = statuses.filter((status) => outcome(status) !== expected(status))
    expect(wrong).toEqual([])
  })

  it('carries the status and the wait that was ordered', () => {
    const answer = { status: 429, headers: { 'retry-after': '7' }, body: 'slow\n  down' }
    const error = { kind: 'retryable', status: 429, retryAfterMs: 7_000, message: '429: slow down' }
    expect(() => throwByStatus(answer, NOW)).toThrow(expect.objectContaining(error))
  })

  it('keeps only the beginning of a long answer', () => {
    const answer = { status: 400, headers: {}, body: 'x'.repeat(5_000) }
    expect(() => throwByStatus(answer, NOW)).toThrow(`400: ${'x'.repeat(500)}...`)
  })
})

describe('[DEL-3.3] [DEL-5.1] Retry-After', () => {
  it.each([
    ['30', 30_000],
    [' 1 ', 1_000],
    ['Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
    ['999999', 3_600_000],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 3_600_000],
  ])('the Retry-After %s waits %i ms', (value, ms) => expect(parseRetryAfterMs(value, NOW)).toBe(ms))

  it.each([undefined, '', '0', '-5', 'soon', 'Wed, 31 Dec 2025 23:59:59 GMT'])(
    'the Retry-After %s orders no wait',
    (value) => expect(parseRetryAfterMs(value, NOW)).toBeUndefined(),
  )
})
