/** What every destination that speaks HTTP makes of its provider's answers, and of answers that are not the provider's. */
import { describe, expect, it } from 'vitest'
import type { SendResult } from '../../src/delivery/send.ts'
import type { AnswerEffect, AnswerRule, DestinationType } from '../../src/destinations/_destination.ts'
import { usesHttp } from '../../src/destinations/_destination.ts'
import type { Answer } from '../support/receiver.ts'
import type { DestinationFixture, Stage } from './destination-http.ts'

const PAGE = '<!DOCTYPE html><html><body>Sign in to continue (SSO)</body></html>'
const HTML = { 'content-type': 'text/html; charset=utf-8' }

/** Something in between gives these answers. */
const FOREIGN: readonly (readonly [string, Answer])[] = [
  ['a page', { status: 200, headers: HTML, body: PAGE }],
  ['a page without a content type', { status: 200, body: PAGE }],
  [
    'a page that says that it is JSON',
    { status: 200, headers: { 'content-type': 'application/json' }, body: PAGE },
  ],
  ['a page with 202', { status: 202, headers: HTML, body: PAGE }],
  ['an empty page', { status: 200, headers: HTML }],
]

const RESULTS: Record<AnswerEffect, Partial<SendResult>> = {
  retry: { result: 'retry' },
  dead: { result: 'refused', scope: 'delivery' },
  pause: { result: 'refused', scope: 'destination' },
}

/** The number of requests that this answer leads to: a refused access token is fetched again, once. */
export function requestsFor({ status }: Answer, options: Readonly<Record<string, unknown>>): number {
  const { transport } = options as { readonly transport?: { readonly oauth2?: object } }
  return status === 401 && transport?.oauth2 ? 2 : 1
}

export function answersContract(
  type: DestinationType,
  fixture: DestinationFixture,
  stage: () => Stage,
): void {
  if (!usesHttp(type)) return
  const { answers } = type
  const answered = async (answer: Answer) => {
    stage().script(answer)
    const result = await stage().send()
    stage().receiver.expect(stage().receiver.requests.length)
    return result
  }

  it.each(FOREIGN)('[DEL-11.1] an answer of a proxy is not a success: %s', async (_, answer) => {
    expect(await answered(answer)).toMatchObject({ result: 'retry', status: answer.status })
  })

  it('[DEL-11.1] an empty object, and no content, are what the provider documents for them', async () => {
    const json = { 'content-type': 'application/json' }
    const object = await answered({ status: 200, headers: json, body: '{}' })
    const { acceptsAnyObject, acceptsEmptyObject } = fixture
    expect(object.result).toBe(acceptsAnyObject || acceptsEmptyObject ? 'delivered' : 'retry')
    const none = await answered({ status: 204 })
    expect(none.result).toBe(fixture.bodyless?.(204) ? 'delivered' : 'retry')
  })

  it('[DEL-11.2] a redirect to a sign-in page pauses the destination, and is named without its query', async () => {
    const location = 'https://sso.example.com/login?state=abc'
    const result = await answered({ status: 302, headers: { location } })
    expect(result).toMatchObject({ result: 'refused', scope: 'destination' })
    expect(result.message).toBe(
      '302: redirects to https://sso.example.com/login, and redirects are not followed',
    )
  })

  const { lookUp } = fixture
  if (lookUp) {
    it.each([400, 403, 404, 422])(
      '[DEL-7.5] an issue is created, with a note that it may exist twice, if the search is refused with %i',
      async (status) => {
        stage().receiver.script({ status, body: '{"message":"no such resource"}' }, fixture.accepts!)
        const result = await stage().send(undefined, {}, true)
        expect(result).toMatchObject({ result: 'delivered' })
        expect(result.message).toMatch(
          new RegExp(`; could not look for an earlier attempt, it may be there twice: ${status}`),
        )
        await stage().receiver.until(2)
      },
    )

    it('[DEL-7.5] nothing is created while the search is answered with a page of a proxy', async () => {
      stage().receiver.script({ status: 200, headers: HTML, body: PAGE })
      expect(await stage().send(undefined, {}, true)).toMatchObject({ result: 'retry' })
      await stage().receiver.until(1)
    })
  }

  const { errorAnswer } = fixture
  if (!errorAnswer) return
  describe('knows the documented errors', () => {
    it.each(answers.rules.flatMap(casesOf))('[DEL-11.3] %s', async (_, error, effect) => {
      expect(await answered(errorAnswer(error))).toMatchObject(RESULTS[effect])
    })

    it('[DEL-11.3] a code on no list never waits for days', async () => {
      if (answers.unlisted !== 'pause') return
      const unheard = errorAnswer({ code: 'unheard_of_code', text: 'unheard of' })
      expect(await answered(unheard)).toMatchObject(RESULTS.pause)
    })
  })
}

type Case = [title: string, error: { status?: number; code: string; text: string }, effect: AnswerEffect]

/** One case for each status, code and text of a rule. */
function casesOf({ status, codes, texts, effect, meaning = '' }: AnswerRule): Case[] {
  return (status ?? [undefined]).flatMap((each) =>
    (codes ?? ['']).flatMap((code) =>
      (texts ?? ['']).map((text): Case => {
        const title = [each, code, text, '->', effect, meaning].filter(Boolean).join(' ')
        return [
          title,
          { ...(each && { status: each }), code: code.replace(/\*$/, 'x'), text: text || 'x' },
          effect,
        ]
      }),
    ),
  )
}
