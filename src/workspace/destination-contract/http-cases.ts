/** The cases of a type that uses HTTP, with a receiver that answers in every way there is. */
import assert from 'node:assert/strict'
import { previewRequest } from '../../delivery/request-steps.ts'
import type { SendResult } from '../../delivery/send.ts'
import { CONTRACT_DELIVERY, contractMessage } from './contract-alerts.ts'
import { assertResult, CONTRACT_VERSION, onStage, type Stage } from './contract-stage.ts'
import type {
  ContractCase,
  ContractSubject,
  ExpectedResult,
  HttpExpectations,
  SentRequest,
} from './contract-subject.ts'
import { leaked } from './leaked-secrets.ts'
import { type Answer, REFUSING_PORT, type Received, startReceiver } from './loopback-receiver.ts'

type HttpSubject = ContractSubject & HttpExpectations

export function httpCases(subject: HttpSubject): ContractCase[] {
  const { secrets = [] } = subject
  const testCase = (id: string, name: string, act: (stage: Stage) => Promise<void>) => ({
    id,
    name,
    run: () => onStage(subject, act),
  })
  return [
    testCase(
      'same-request',
      'every attempt sends what the provider accepts, with the same idempotency key',
      (stage) => assertSameRequests(stage, subject),
    ),
    testCase('statuses', 'the statuses 100 to 199 are not an answer', (stage) =>
      assertStatuses(stage, 100, 'interim', () => 'retry'),
    ),
    testCase(
      'statuses',
      'the statuses 200 to 599 have the outcome that the provider documents',
      async (stage) => {
        for (const hundred of [200, 300, 400, 500])
          await assertStatuses(stage, hundred, undefined, (status) => usualResult(status, subject))
      },
    ),
    ...FAULTS.map(([what, answer, expected]) =>
      testCase(
        'faults',
        `a faulty answer has the documented outcome: ${what}`,
        async ({ receiver, sendFor }) => {
          receiver.script(answer)
          assertResult(await sendFor(answer), expected)
          await receiver.until(1)
        },
      ),
    ),
    testCase('followed-redirects', 'no secret is sent to another host if redirects are followed', (stage) =>
      assertNoSecretElsewhere(stage, secrets),
    ),
    testCase('refused-connection', 'a delivery is retried if the connection is refused', async ({ send }) => {
      const url = `http://127.0.0.1:${REFUSING_PORT}`
      assertResult(await send(url), { result: 'retry', message: `${url}: connection refused (ECONNREFUSED)` })
    }),
    testCase('secrets', 'no result, log line or preview contains a secret', (stage) =>
      assertNoSecret(stage, subject, secrets),
    ),
  ]
}

async function assertSameRequests({ receiver, send }: Stage, subject: HttpSubject): Promise<void> {
  receiver.always(subject.accepts)
  assertResult(await send(), { result: 'delivered' })
  const first = receiver.requests.length
  assertResult(await send(), { result: 'delivered' })
  await receiver.until(2 * first)
  for (const request of receiver.requests) {
    subject.checkRequest?.(request as SentRequest)
    assert.equal(request.headers['idempotency-key'], CONTRACT_DELIVERY)
    assert.equal(request.headers['user-agent'], `Signalbox/${CONTRACT_VERSION}`)
  }
  const lasting = receiver.requests.map(withoutTime)
  assert.deepEqual(lasting.slice(first), lasting.slice(0, first))
}

/** A signature contains its time. */
function withoutTime({ method, path, headers, body }: Received): object {
  const { authorization, 'x-amz-date': date, ...lasting } = headers
  return { method, path, body, headers: date === undefined ? { ...lasting, authorization } : lasting }
}

async function assertStatuses(
  { script, send }: Stage,
  hundred: number,
  fault: Answer['fault'],
  expected: (status: number) => SendResult['result'],
): Promise<void> {
  const wrong: unknown[] = []
  for (let status = hundred; status < hundred + 100; status++) {
    script({ status, fault })
    const { result, message, ...rest } = await send()
    const isNamed = fault !== undefined || (message.startsWith(String(status)) && rest.status === status)
    if (result !== expected(status) || !isNamed) wrong.push({ status, result, message })
  }
  assert.deepEqual(wrong, [])
}

/** The outcome of a status if the type defines no other one. */
function usualResult(status: number, { bodyless, retriedStatuses = [] }: HttpSubject): SendResult['result'] {
  if (status < 300) return bodyless?.(status) ? 'delivered' : 'retry'
  return [408, 425, 429, ...retriedStatuses].includes(status) || status >= 500 ? 'retry' : 'refused'
}

async function assertNoSecretElsewhere({ receiver, send }: Stage, secrets: readonly string[]): Promise<void> {
  const other = await startReceiver()
  receiver.script({ status: 307, headers: { location: other.url } })
  await send(receiver.url, { transport: { followRedirects: true } })
  await receiver.until(1)
  const sent = JSON.stringify(other.requests)
  other.expect(other.requests.length)
  await other.close()
  assert.deepEqual(
    secrets.filter((secret) => sent.includes(secret)),
    [],
  )
}

async function assertNoSecret(
  stage: Stage,
  { type, options }: HttpSubject,
  secrets: readonly string[],
): Promise<void> {
  const { receiver, script, sendFor, logged } = stage
  const echo = secrets.join(' and ')
  // Everything that the server received, header values included, as some servers answer with it.
  receiver.echo(3)
  const answers: Answer[] = [
    { status: 500, body: echo },
    { status: 400, body: echo },
    { status: 401, body: echo },
    { fault: 'reset' },
    { fault: 'silent' },
    { fault: 'garbage' },
  ]
  receiver.expect(3)
  const results: SendResult[] = []
  for (const answer of [{}, {}, {}]) results.push(await sendFor(answer))
  for (const answer of answers) {
    script(answer)
    results.push(await sendFor(answer))
  }
  const preview = previewRequest(type, contractMessage(), options(receiver.url), CONTRACT_VERSION)
  const outputs = JSON.stringify([results, logged, preview])
  assert.deepEqual(leaked([...secrets, ...encoded(secrets, receiver.requests)], outputs), [])
  if (secrets.length > 0) assert.ok(results[3]!.message.includes('<secret>'), 'the secret is masked')
}

/** Credentials as they went over the wire: `Basic` is base64 of the secret. */
function encoded(secrets: readonly string[], requests: readonly Received[]): string[] {
  return requests
    .map(({ headers }) => String(headers.authorization ?? ''))
    .flatMap((value) => value.split(' ').slice(1))
    .filter((value) => secrets.some((secret) => Buffer.from(value, 'base64').toString().includes(secret)))
}

const FAULTS: readonly (readonly [string, Answer, ExpectedResult])[] = [
  ['a reset', { fault: 'reset' }, { result: 'retry', message: /connection / }],
  ['silence', { fault: 'silent' }, { result: 'retry', message: /no answer within 20000 ms/ }],
  ['garbage', { fault: 'garbage' }, { result: 'retry', message: /^http:\/\/127\.0\.0\.1:\d+: / }],
  [
    'a redirect',
    { status: 302, headers: { location: '/elsewhere' } },
    {
      result: 'refused',
      scope: 'destination',
      message: '302: redirects to /elsewhere, and redirects are not followed',
    },
  ],
  ['500, then a reset', { status: 500, fault: 'reset-mid-body' }, { result: 'retry', message: /^500/ }],
  [
    '500 with a body that stalls',
    { status: 500, fault: 'stalled-body' },
    { result: 'retry', message: '500: beginning of a body' },
  ],
  [
    '500 with an endless body',
    { status: 500, fault: 'endless-body' },
    { result: 'retry', message: /^500: .{500}\.\.\.$/ },
  ],
]
