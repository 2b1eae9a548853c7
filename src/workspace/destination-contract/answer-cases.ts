/** The cases of a type that uses HTTP about its provider's answers, and about answers that are not the provider's. */
import type { AnswerEffect, AnswerRule, ProviderAnswers } from '../../destinations/_destination.ts'
import { assertResult, onStage, type Stage } from './contract-stage.ts'
import type {
  ContractCase,
  ContractSubject,
  DocumentedError,
  ExpectedResult,
  HttpExpectations,
} from './contract-subject.ts'
import type { Answer } from './loopback-receiver.ts'

const PAGE = '<!DOCTYPE html><html><body>Sign in to continue (SSO)</body></html>'
const HTML = { 'content-type': 'text/html; charset=utf-8' }
const JSON_TYPE = { 'content-type': 'application/json' }

/** Something in between gives these answers. */
const FOREIGN: readonly (readonly [string, Answer])[] = [
  ['a page', { status: 200, headers: HTML, body: PAGE }],
  ['a page without a content type', { status: 200, body: PAGE }],
  ['a page that says that it is JSON', { status: 200, headers: JSON_TYPE, body: PAGE }],
  ['a page with 202', { status: 202, headers: HTML, body: PAGE }],
  ['an empty page', { status: 200, headers: HTML }],
]

const RESULTS: Record<AnswerEffect, ExpectedResult> = {
  retry: { result: 'retry' },
  dead: { result: 'refused', scope: 'delivery' },
  pause: { result: 'refused', scope: 'destination' },
}

type HttpSubject = ContractSubject & HttpExpectations

export function answerCases(subject: HttpSubject, answers: ProviderAnswers): ContractCase[] {
  const { accepts, bodyless, lookUp, errorAnswer } = subject
  const acceptsEmpty = subject.acceptsAnyObject || subject.acceptsEmptyObject
  const testCase = (id: string, name: string, act: (stage: Stage) => Promise<void>) => ({
    id,
    name,
    run: () => onStage(subject, act),
  })
  return [
    ...FOREIGN.map(([what, answer]) =>
      testCase('foreign-answers', `an answer of a proxy is not a success: ${what}`, async ({ answered }) =>
        assertResult(await answered(answer), { result: 'retry', status: answer.status }),
      ),
    ),
    testCase(
      'empty-answers',
      'an empty object, and no content, are what the provider documents for them',
      async ({ answered }) => {
        const object = await answered({ status: 200, headers: JSON_TYPE, body: '{}' })
        assertResult(object, { result: acceptsEmpty ? 'delivered' : 'retry' })
        const none = await answered({ status: 204 })
        assertResult(none, { result: bodyless?.(204) ? 'delivered' : 'retry' })
      },
    ),
    testCase(
      'redirects',
      'a redirect to a sign-in page pauses the destination, and is named without its query',
      async ({ answered }) => {
        const headers = { location: 'https://sso.example.com/login?state=abc' }
        assertResult(await answered({ status: 302, headers }), {
          ...RESULTS.pause,
          message: '302: redirects to https://sso.example.com/login, and redirects are not followed',
        })
      },
    ),
    ...(lookUp ? lookUpCases(accepts, testCase) : []),
    ...(errorAnswer ? errorCases(errorAnswer, answers, testCase) : []),
  ]
}

type CreateCase = (id: string, name: string, act: (stage: Stage) => Promise<void>) => ContractCase

function lookUpCases(accepts: Answer, testCase: CreateCase): ContractCase[] {
  return [
    ...[400, 403, 404, 422].map((status) =>
      testCase(
        'look-up',
        `an issue is created, with a note that it may exist twice, if the search is refused with ${status}`,
        async ({ receiver, send }) => {
          receiver.script({ status, body: '{"message":"no such resource"}' }, accepts)
          assertResult(await send(undefined, {}, true), {
            result: 'delivered',
            message: new RegExp(`; could not look for an earlier attempt, it may be there twice: ${status}`),
          })
          await receiver.until(2)
        },
      ),
    ),
    testCase(
      'look-up',
      'nothing is created while the search is answered with a page of a proxy',
      async ({ receiver, send }) => {
        receiver.script({ status: 200, headers: HTML, body: PAGE })
        assertResult(await send(undefined, {}, true), { result: 'retry' })
        await receiver.until(1)
      },
    ),
  ]
}

function errorCases(
  errorAnswer: (error: DocumentedError) => Answer,
  { rules, unlisted }: ProviderAnswers,
  testCase: CreateCase,
): ContractCase[] {
  const listed = rules
    .flatMap(documentedErrors)
    .map(([name, error, effect]) =>
      testCase('documented-errors', `knows the documented error: ${name}`, async ({ answered }) =>
        assertResult(await answered(errorAnswer(error)), RESULTS[effect]),
      ),
    )
  if (unlisted !== 'pause') return listed
  return [
    ...listed,
    testCase('documented-errors', 'a code on no list never waits for days', async ({ answered }) => {
      const unheard = errorAnswer({ code: 'unheard_of_code', text: 'unheard of' })
      assertResult(await answered(unheard), RESULTS.pause)
    }),
  ]
}

/** One error for each status, code and text of a rule. */
function documentedErrors({
  status,
  codes,
  texts,
  effect,
  meaning = '',
}: AnswerRule): [name: string, error: DocumentedError, effect: AnswerEffect][] {
  return (status ?? [undefined]).flatMap((each) =>
    (codes ?? ['']).flatMap((code) =>
      (texts ?? ['']).map((text): [string, DocumentedError, AnswerEffect] => [
        [each, code, text, '->', effect, meaning].filter(Boolean).join(' '),
        { ...(each && { status: each }), code: code.replace(/\*$/, 'x'), text: text || 'x' },
        effect,
      ]),
    ),
  )
}
