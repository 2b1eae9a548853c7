import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '../../../src/delivery/http/http-client.ts'
import type { HttpClient, HttpRequest } from '../../../src/model/ports.ts'
import { bodyBeginning } from '../../../src/workspace/destination-contract/body-beginning.ts'
import { type ManualClock, manualClock } from '../../support/clock.ts'
import { REFUSING_PORT, type Receiver, startReceiver } from '../../support/receiver.ts'

let http: HttpClient & { close(): Promise<void> }
let receiver: Receiver
let clock: ManualClock
const LIMITS = { connectTimeoutMs: 20_000, totalTimeoutMs: 20_000, maxBodyBytes: 1_000 }
const never = new AbortController().signal

beforeEach(async () => {
  clock = manualClock()
  http = createHttpClient(LIMITS, clock)
  receiver = await startReceiver()
})
afterEach(async () => {
  await http.close()
  await receiver.close()
})

const post = (over: Partial<HttpRequest> = {}): HttpRequest => {
  return { method: 'POST', url: `${receiver.url}/path?q=1`, headers: { 'x-a': 'b' }, body: 'text', ...over }
}

describe('[DEL-10.6] the HTTP client', () => {
  it('sends the request once, as it is, and answers with status, headers and body', async () => {
    receiver.script({ status: 503, headers: { 'Retry-After': '5' }, body: 'später' })
    const answer = await http.send(post(), never)
    expect(answer).toMatchObject({ status: 503, body: 'später', headers: { 'retry-after': '5' } })
    await receiver.until(1)
    expect(receiver.requests[0]).toMatchObject({ method: 'POST', path: '/path?q=1', body: 'text' })
    expect(receiver.requests[0]!.headers['x-a']).toBe('b')
  })

  it('[DEL-9.2] follows no redirect', async () => {
    receiver.script({ status: 307, headers: { location: `${receiver.url}/other` } })
    expect((await http.send(post(), never)).status).toBe(307)
    await receiver.until(1)
  })

  it('an endless body is read up to the bound, and the next request is sent', async () => {
    receiver.script({ fault: 'endless-body' })
    const { status, body, incomplete } = await http.send(post(), never)
    expect([status, body.length, incomplete]).toEqual([200, 1_000, undefined])
    expect((await http.send(post(), never)).body).toBe('ok')
    await receiver.until(2)
  })

  it('keeps the status when the body breaks off: reset-mid-body', async () => {
    receiver.script({ status: 202, fault: 'reset-mid-body' })
    expect(await http.send(post(), never)).toMatchObject({ status: 202, incomplete: true })
    await receiver.until(1)
  })

  it('keeps the status and what has come of the body when the rest takes too long', async () => {
    receiver.script({ status: 202, fault: 'stalled-body' })
    const beginning = bodyBeginning(receiver.url)
    const sent = http.send(post(), never)
    await beginning
    clock.advance(LIMITS.totalTimeoutMs)
    expect(await sent).toMatchObject({ status: 202, body: 'beginning of a body', incomplete: true })
    await receiver.until(1)
  })

  it('a request ends after its timeout', async () => {
    receiver.script({ fault: 'silent' })
    const sent = http.send(post(), never)
    await receiver.until(1)
    clock.advance(LIMITS.totalTimeoutMs)
    const message = `${receiver.url}: no answer within ${LIMITS.totalTimeoutMs} ms`
    await expect(sent).rejects.toMatchObject({ kind: 'retryable', message })
  })

  it('turns user and password of the URL into basic authentication', async () => {
    await http.send(post({ url: receiver.url.replace('//', '//me:p%40ss@') }), never)
    await receiver.until(1)
    expect(receiver.requests[0]!.headers.authorization).toBe(`Basic ${btoa('me:p@ss')}`)
  })

  it('a request ends when its caller aborts it', async () => {
    receiver.script({ fault: 'silent' })
    const caller = new AbortController()
    const sent = http.send(post(), caller.signal)
    await receiver.until(1)
    caller.abort()
    await expect(sent).rejects.toMatchObject({ kind: 'retryable', message: `${receiver.url}: interrupted` })
  })

  it.each<[string, Partial<HttpRequest>, object]>([
    ['no URL', { url: 'top-secret' }, { message: 'the URL is not a valid http or https URL' }],
    [
      'another scheme',
      { url: 'ftp://h/top-secret' },
      { message: 'the URL is not a valid http or https URL' },
    ],
    [
      'a header with a line break',
      { headers: { a: 'top\r\nsecret' } },
      { message: expect.stringMatching(/: a header of the request is not valid$/) },
    ],
    [
      'a header name with a space',
      { headers: { 'top secret': 'x' } },
      { message: expect.stringMatching(/: a header of the request is not valid$/) },
    ],
  ])('%s is a permanent error of the destination', async (_, over, expected) => {
    const error: unknown = await http.send(post(over), never).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ kind: 'permanent', scope: 'destination', ...expected })
    expect(inspect(error, { depth: 9 })).not.toMatch(/top.{0,6}secret/s)
  })

  it.each(['reset', 'silent', 'garbage', 'refused'] as const)(
    '[DEL-10.2] no error of the cause chain contains a secret: %s',
    async (fault) => {
      if (fault !== 'refused') {
        receiver.script({ fault, body: 'top-secret-6' })
        receiver.expect(1)
      }
      const origin = fault === 'refused' ? `http://127.0.0.1:${REFUSING_PORT}` : receiver.url
      const url = `${origin.replace('//', '//me:top-secret-1@')}/top-secret-2?q=top-secret-3`
      const headers = { 'x-key': 'top-secret-4' }
      const sent = http.send(post({ url, headers, body: 'top-secret-5' }), never)
      if (fault === 'silent') await receiver.until(1).then(() => clock.advance(LIMITS.totalTimeoutMs))
      const error = await sent.then(
        () => undefined,
        (caught: unknown) => caught as Error,
      )
      expect(error).toMatchObject({ kind: 'retryable', cause: expect.any(Error) })
      expect(error!.message.startsWith(`${origin}: `)).toBe(true)
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('top-secret')
    },
  )
})
