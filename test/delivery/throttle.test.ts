/** Rates: what is sent to a provider that accepts one alert a second, and what other destinations notice of it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { onDelivered, onOrderedWait } from '../../src/delivery/destination-state/throttle.ts'
import type { Destination } from '../../src/model/project/destination.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const ALERTS = 40
const SECOND = 1_000

describe('a provider that accepts one alert a second', () => {
  let harness: DeliveryHarness
  let server: Server
  let url: string
  let other: Receiver
  /** The times of all requests, and of those that were accepted. */
  let requests: number[]
  let accepted: number[]

  beforeEach(async () => {
    harness = await openDeliveryHarness()
    other = await startReceiver()
    requests = []
    accepted = []
    server = createServer((request, response) => {
      request.resume()
      request.on('end', () => {
        const now = harness.clock.now()
        requests.push(now)
        if (now - (accepted.at(-1) ?? 0) < SECOND) {
          response.writeHead(429, { 'retry-after': '1' }).end('{"ok":false,"error":"ratelimited"}')
          return
        }
        accepted.push(now)
        const headers = { 'content-type': 'application/json' }
        response.writeHead(200, headers).end('{"ok":true,"ts":"1.1","channel":"C1"}')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    await harness.close()
    await other.close()
    server.closeAllConnections()
    server.close()
  })

  /** Sends the alerts, and moves the clock until all are delivered. Resolves with the seconds that it took. */
  async function storm(target: Destination): Promise<number> {
    const begun = harness.clock.now()
    const loop = harness.open(registry([target]))
    for (let n = 0; n < ALERTS; n++) await harness.send(`alert-${n}`, [target])
    await loop.start()
    for (;;) {
      await loop.drain(1)
      const { delivered } = await harness.store.countDeliveries()
      if (delivered === ALERTS) return (harness.clock.now() - begun) / SECOND
      expect(harness.clock.now() - begun).toBeLessThan(600 * SECOND)
      harness.clock.advance(SECOND / 4)
    }
  }
  const slack = (over: Partial<Destination> = {}) =>
    destination('chat', {
      type: 'slack',
      options: { botToken: 'xoxb-1-abcdef', channel: 'C1', apiUrl: url },
      ...over,
    })
  const hook = () => destination('hook', { options: { url } })

  it('[DEL-3.18] 40 alerts take no more than 45 requests where the type states the rate', async () => {
    const seconds = await storm(slack())
    expect(requests.length).toBeLessThanOrEqual(45)
    expect(seconds).toBeLessThanOrEqual(45)
  })

  it('[DEL-3.18] 40 alerts take few more requests where the type states no rate', async () => {
    const seconds = await storm(hook())
    // The first eight go at once, and a faster rate is tried from time to time.
    expect(requests.length).toBeLessThanOrEqual(55)
    expect(seconds).toBeLessThanOrEqual(60)
  })

  it('[DEL-3.18] no wave after the first has more than three requests', async () => {
    await storm(hook())
    const [, ...waves] = accepted.map((at) => requests.filter((time) => time === at).length)
    expect(Math.max(...waves)).toBeLessThanOrEqual(3)
  })

  it('[DEL-3.18] the rate of the user is used instead of that of the type', async () => {
    const loop = harness.open(registry([slack({ rateLimit: { perMinute: 6_000, burst: 5 } })]))
    for (let n = 0; n < 5; n++) await harness.send(`alert-${n}`, [slack()])
    await loop.start()
    await until(() => requests.length === 5)
  })

  it('[DEL-3.19] another destination is not slowed down', async () => {
    const fast = destination('other', { options: { url: other.url } })
    const loop = harness.open(registry([slack(), fast]))
    for (let n = 0; n < ALERTS; n++) await harness.send(`alert-${n}`, [slack(), fast])
    await loop.start()
    // The clock stands still, so the other destination has all alerts before the slow one has another second.
    await other.until(ALERTS)
    await until(async () => {
      const rows = await harness.store.deliveries({ destination: 'other', limit: 100 })
      return rows.every(({ state }) => state === 'delivered')
    })
    expect(accepted).toHaveLength(1)
  })
})

describe('the rate that a provider has shown', () => {
  const deliver = (state: ReturnType<typeof onOrderedWait>, times: number, at: number) => {
    let next = state
    for (let n = 0; n < times; n++) next = onDelivered(next, at)!
    return next
  }

  it('is that of the deliveries between two orders, the second wait included', () => {
    const first = onOrderedWait({ throttle: null }, 30 * SECOND, 0)
    expect(first).toMatchObject({ window: 1, perMinute: null })
    const twenty = deliver(first, 20, 31 * SECOND)
    const second = onOrderedWait({ throttle: twenty }, 59 * SECOND, 31 * SECOND)
    expect(second.perMinute).toBeCloseTo(20, 0)
    expect(second.window).toBe(10)
  })

  it('grows by a tenth after each 20 deliveries, and shrinks with the next order', () => {
    const first = onOrderedWait({ throttle: null }, SECOND, 0)
    const second = onOrderedWait({ throttle: deliver(first, 1, SECOND) }, SECOND, SECOND)
    expect(second.perMinute).toBeCloseTo(60, 0)
    const grown = deliver(second, 40, 42 * SECOND)
    expect(grown.perMinute).toBeCloseTo(72, 0)
    expect(onOrderedWait({ throttle: grown }, SECOND, 42 * SECOND).perMinute).toBeLessThan(60)
  })

  it('does not shrink without end where the provider orders a wait for every twentieth request, however slowly it comes', () => {
    let now = 0
    let state = onOrderedWait({ throttle: null }, 5 * SECOND, now)
    for (let order = 0; order < 50; order++) {
      now = state.from
      for (let n = 0; n < 19; n++) {
        now += state.perMinute === null ? 100 : (60 * SECOND) / state.perMinute
        state = onDelivered(state, now)!
      }
      state = onOrderedWait({ throttle: state }, 5 * SECOND, now)
    }
    expect(state.perMinute).toBeGreaterThan(10)
  })

  it('is at least six a minute, however many orders come one after the other', () => {
    let state = onOrderedWait({ throttle: null }, 5 * SECOND, 0)
    for (let order = 0; order < 20; order++)
      state = onOrderedWait({ throttle: state }, 5 * SECOND, state.from)
    expect(state.perMinute).toBe(6)
  })

  it('is forgotten after an hour without an order', () => {
    const first = onOrderedWait({ throttle: null }, SECOND, 0)
    expect(onDelivered(first, 3_700 * SECOND)).toBeNull()
    const later = onOrderedWait({ throttle: first }, SECOND, 3_700 * SECOND)
    expect(later).toMatchObject({ window: 1, perMinute: null })
  })
})
