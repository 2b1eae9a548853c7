/**
 * Tests every destination that speaks HTTP in the whole harness: the state of the store after a failure, the time of
 * the next attempt, and the absence of secrets.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createHttpClient } from '../../src/delivery/http/http-client.ts'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { bodyBeginning } from '../../src/workspace/destination-contract/body-beginning.ts'
import { requestsFor } from '../../src/workspace/destination-contract/contract-stage.ts'
import { manualClock } from '../support/clock.ts'
import { openDeliveryHarness } from '../support/delivery.ts'
import { sampleMessage } from '../support/message.ts'
import { destination, registry } from '../support/model.ts'
import { overhearing } from '../support/overhear.ts'
import { type Answer, REFUSING_PORT, type Receiver, startReceiver } from '../support/receiver.ts'
import { leaked } from '../support/secrets.ts'
import { T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'
import type { DestinationFixture } from './destination-http.ts'
import {
  dead,
  delivered,
  type Expected,
  expectStored,
  heldUntil,
  measuring,
  pausing,
  waiting,
} from './stored.ts'

const SLOW_HEADERS = 'slow headers'
const SLOW_BODY = 'slow body'
const LIMITS = { connectTimeoutMs: 30_000, totalTimeoutMs: 30_000, maxBodyBytes: 65_536 }

function answers({ acceptsAnyObject }: DestinationFixture): [string, Answer, Expected][] {
  const good = delivered(/^200/)
  return [
    ['500', { status: 500 }, waiting('500')],
    ['500, body reset', { status: 500, fault: 'reset-mid-body' }, waiting(/^500/)],
    ['429, seconds', { status: 429, headers: { 'retry-after': '120' } }, heldUntil('429', T0 + 120_000)],
    [
      '503, a date',
      { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:10:00 GMT' } },
      heldUntil('503', T0 + 600_000),
    ],
    ['401', { status: 401 }, pausing(/^401/)],
    ['403', { status: 403 }, pausing(/^403/)],
    ['404', { status: 404 }, pausing(/^404/)],
    ['410', { status: 410 }, pausing(/^410/)],
    ['413', { status: 413 }, dead(/^413/)],
    [
      '302',
      { status: 302, headers: { location: '/elsewhere' } },
      pausing('302: redirects to /elsewhere, and redirects are not followed'),
    ],
    ['reset', { fault: 'reset' }, waiting(/: connection /)],
    [SLOW_HEADERS, { fault: 'silent' }, waiting(/: no answer within 30000 ms$/)],
    [
      SLOW_BODY,
      { status: 200, fault: 'stalled-body' },
      acceptsAnyObject ? good : waiting('the answer is incomplete'),
    ],
    [
      'endless body',
      { status: 200, fault: 'endless-body' },
      acceptsAnyObject ? good : waiting(/^200, but not/),
    ],
    ['garbage', { fault: 'garbage' }, waiting(/^http:\/\/127\.0\.0\.1:\d+: /)],
  ]
}

export function redactionContract(type: DestinationType, fixture: DestinationFixture): void {
  it('[DEL-10.3] the store has the outcome of every failure and the time of the next attempt, and no secret', async () => {
    const harness = await openDeliveryHarness()
    const cases = await stageCases(fixture)
    const targets = cases.map(({ name, options }) => destination(name, { type: type.type, options }))
    const { measured, metrics } = measuring()
    const overheard = overhearing()
    const clock = manualClock(T0)
    const http = createHttpClient(LIMITS, clock)
    const loop = harness.open(registry(targets), { metrics, http })
    for (const target of targets) await harness.send(`alert of ${target.name}`, [target])
    const begun = begunAnswers(cases)
    await loop.start()
    const underWay = async () => {
      const { pending, sending } = await harness.store.countDeliveries()
      return pending + sending
    }
    await begun
    await until(async () => (await underWay()) === [SLOW_HEADERS, SLOW_BODY].length)
    clock.advance(LIMITS.totalTimeoutMs)
    await until(async () => (await underWay()) === 0)
    expect(overheard.end()).toEqual([])
    const stored: unknown[] = []
    for (const { name, expected } of cases) stored.push(await expectStored(harness, name, expected))
    const previews = targets.map(({ name, options }) =>
      previewRequest(type, sampleMessage(name), options, '1.2.3'),
    )
    const outputs = JSON.stringify([stored, harness.logged, harness.findings, measured, previews])
    expect(leaked(fixture.secrets, outputs)).toEqual([])
    await harness.close()
    await http.close()
    await Promise.all(cases.map(({ close }) => close()))
  })
}

/**
 * Resolves when both answers without an end are in progress: the beginning of one is read, and the other is
 * requested.
 */
async function begunAnswers(cases: readonly Case[]): Promise<void> {
  const receiverOf = (name: string) => cases.find((each) => each.name === name)!.receiver!
  await Promise.all([bodyBeginning(receiverOf(SLOW_BODY).url), receiverOf(SLOW_HEADERS).until(1)])
}

interface Case {
  readonly name: string
  readonly receiver?: Receiver
  readonly options: Record<string, unknown>
  readonly expected: Expected
  readonly close: () => Promise<void>
}

async function stageCases(fixture: DestinationFixture): Promise<Case[]> {
  const served = answers(fixture).map(async ([name, answer, expected]): Promise<Case> => {
    const receiver = await startReceiver()
    const options = fixture.options(receiver.url)
    receiver.always(answer)
    receiver.expect(requestsFor(answer, options))
    return { name, receiver, options, expected, close: () => receiver.close() }
  })
  const refused = `http://127.0.0.1:${REFUSING_PORT}`
  const secure = await startSecureServer()
  const nothing = async () => {}
  return [
    ...(await Promise.all(served)),
    {
      name: 'the connection is refused',
      options: fixture.options(refused),
      expected: waiting(`${refused}: connection refused (ECONNREFUSED)`),
      close: nothing,
    },
    {
      name: 'an unknown authority',
      options: fixture.options(secure.url),
      expected: waiting(
        `${secure.url}: the certificate comes from an unknown authority (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
      ),
      close: secure.close,
    },
    {
      name: 'no such host',
      options: fixture.options('http://no-such-host.invalid'),
      expected: waiting(/^http:\/\/no-such-host\.invalid: the host name does not resolve/),
      close: nothing,
    },
  ]
}

/** Its certificate comes from an authority of our own. */
async function startSecureServer(): Promise<{ url: string; close: () => Promise<void> }> {
  const pem = (name: string) => readFileSync(join(import.meta.dirname, '../support/tls', name))
  const server = createServer({ key: pem('server.key'), cert: pem('server.pem') })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}
