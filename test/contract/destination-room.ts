/** Every destination that speaks HTTP, in the whole room: what a failure leaves in the store, when it is tried again, and that nothing secret is anywhere. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/requests.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { openDeliveryRoom } from '../support/delivery.ts'
import { sampleMessage } from '../support/message.ts'
import { destination, registry } from '../support/model.ts'
import { type Answer, closedPort, startReceiver } from '../support/receiver.ts'
import { T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'
import type { DestinationFixture } from './destination-http.ts'

/** The first wait of a delivery with chance held at a half. */
const FIRST_WAIT = T0 + 500

interface Expected {
  readonly state: 'delivered' | 'waiting' | 'dead'
  readonly due: number
  readonly attempts: number
  readonly message: string | RegExp
  readonly paused?: boolean
}
const waiting = (message: string | RegExp, due = FIRST_WAIT): Expected => ({
  state: 'waiting',
  due,
  // Waits that the provider ordered spend none.
  attempts: due === FIRST_WAIT ? 1 : 0,
  message,
})
const pausing = (message: RegExp): Expected => ({ ...waiting(message, T0), paused: true })
const dead = (message: string | RegExp): Expected => ({ state: 'dead', due: T0, attempts: 1, message })

function answers(type: DestinationType, { accepts }: DestinationFixture): [string, Answer, Expected][] {
  const good: Expected = { state: 'delivered', due: T0, attempts: 1, message: /^200/ }
  const reads = ('receipt' in type && type.receipt !== undefined) || 'exchange' in type
  return [
    ['500', { status: 500 }, waiting('500')],
    ['500, body reset', { status: 500, fault: 'reset-mid-body' }, waiting(/^500/)],
    ['429, seconds', { status: 429, headers: { 'retry-after': '120' } }, waiting('429', T0 + 120_000)],
    [
      '503, a date',
      { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:10:00 GMT' } },
      waiting('503', T0 + 600_000),
    ],
    ['401', { status: 401 }, pausing(/^401/)],
    ['403', { status: 403 }, pausing(/^403/)],
    ['404', { status: 404 }, pausing(/^404/)],
    ['410', { status: 410 }, pausing(/^410/)],
    ['413', { status: 413 }, dead(/^413/)],
    ['302', { status: 302, headers: { location: '/elsewhere' } }, dead('302: redirects are not followed')],
    ['reset', { fault: 'reset' }, waiting(/: connection /)],
    ['slow headers', { fault: 'silent' }, waiting(/: no answer within 250 ms$/)],
    ['slow body', { status: 200, fault: 'stalled-body' }, reads ? waiting('the answer broke off') : good],
    ['endless body', { status: 200, fault: 'endless-body' }, accepts?.body ? waiting(/^200, /) : good],
    ['garbage', { fault: 'garbage' }, waiting(/^http:\/\/127\.0\.0\.1:\d+: /)],
  ]
}

export function roomContract(type: DestinationType, fixture: DestinationFixture): void {
  it('leaves in the store what every failure means, says when it is tried again, and keeps its secrets', async () => {
    const room = await openDeliveryRoom()
    const cases = await stageCases(type, fixture)
    const targets = cases.map(({ name, options }) => destination(name, { type: type.type, options }))
    const measured: unknown[] = []
    const metrics = {
      count: (...given: unknown[]) => measured.push(given),
      observe: (...given: unknown[]) => measured.push(given),
    }
    const loop = room.open(registry(targets), { metrics })
    for (const target of targets) await room.send(`alert of ${target.name}`, [target])
    await loop.start()
    await until(async () => {
      const { pending, sending } = await room.store.countDeliveries()
      return pending + sending === 0
    })
    const stored: unknown[] = []
    for (const { name, expected } of cases) {
      const [row] = await room.store.deliveries({ destination: name, limit: 1 })
      const { value: state } = await room.store.destinationState(name)
      const history = await room.store.attempts(row!.id)
      stored.push(row, history, state)
      const { paused = false, message, ...rest } = expected
      expect({ name, ...row, paused: state.pausedAt !== null }).toMatchObject({ name, ...rest, paused })
      if (typeof message === 'string') expect(row!.message).toBe(message)
      else expect(row!.message).toMatch(message)
      expect(history.map(({ at, message: told }) => [at, told])).toEqual([[T0, row!.message]])
    }
    const previews = targets.map(({ name, options }) =>
      previewRequest(type, sampleMessage(name), options, '1.2.3'),
    )
    const told = JSON.stringify([stored, room.logged, room.findings, measured, previews])
    expect(fixture.secrets.filter((secret) => told.includes(secret))).toEqual([])
    await room.close()
    await Promise.all(cases.map(({ close }) => close()))
  })
}

interface Case {
  readonly name: string
  readonly options: Record<string, unknown>
  readonly expected: Expected
  readonly close: () => Promise<void>
}

async function stageCases(type: DestinationType, fixture: DestinationFixture): Promise<Case[]> {
  const optionsOf = (url: string, transport: object = {}) => {
    const options = fixture.options(url)
    return { ...options, transport: { ...(options.transport as object), ...transport } }
  }
  const served = answers(type, fixture).map(async ([name, answer, expected]): Promise<Case> => {
    const receiver = await startReceiver()
    receiver.always(answer)
    receiver.expect(1)
    const hangs = answer.fault === 'silent' || answer.fault === 'stalled-body'
    const options = optionsOf(receiver.url, hangs ? { timeoutMs: 250 } : {})
    return { name, options, expected, close: () => receiver.close() }
  })
  const refused = `http://127.0.0.1:${await closedPort()}`
  const secure = await startSecureServer()
  const nothing = async () => {}
  return [
    ...(await Promise.all(served)),
    {
      name: 'nobody listens',
      options: optionsOf(refused),
      expected: waiting(`${refused}: connection refused (ECONNREFUSED)`),
      close: nothing,
    },
    {
      name: 'an unknown authority',
      options: optionsOf(secure.url),
      expected: waiting(
        `${secure.url}: the certificate comes from an unknown authority (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
      ),
      close: secure.close,
    },
    {
      name: 'no such host',
      options: optionsOf('http://no-such-host.invalid'),
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
