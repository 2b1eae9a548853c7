/** Deliveries of several daemons over one store: they keep the limits of a destination together, and send everything once. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Destination } from '../../src/model/project/destination.ts'
import { manualClock } from '../support/clock.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const ANSWER_MS = 5

describeWithPostgres('the delivery of two daemons', (postgres) => {
  let daemons: DeliveryHarness[]
  let server: Server
  let url: string
  /** The status of every answer. */
  let status: number
  /** The keys of the requests. */
  let keys: unknown[]
  let open: number
  let peak: number

  beforeEach(async () => {
    const clock = manualClock()
    const storeUrl = postgres().url()
    daemons = []
    for (let n = 0; n < 2; n++) daemons.push(await openDeliveryHarness(undefined, clock, storeUrl))
    status = 200
    keys = []
    open = 0
    peak = 0
    server = createServer((request, response) => {
      keys.push(request.headers['idempotency-key'])
      peak = Math.max(peak, ++open)
      request.resume()
      setTimeout(() => {
        open--
        response.writeHead(status).end()
      }, ANSWER_MS)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    for (const each of daemons) await each.close()
    server.closeAllConnections()
    server.close()
  })

  async function send(count: number, target: Destination): Promise<void> {
    for (let n = 0; n < count; n++) await daemons[0]!.send(`alert-${n}`, [target])
  }

  /** Both daemons send, and are woken by each other's commits only if they look. */
  async function start(target: Destination) {
    const deliveries = daemons.map((each) => each.open(registry([target])))
    await Promise.all(deliveries.map((each) => each.start()))
    return deliveries
  }

  it('together they have no more requests under way than the destination allows, and send each alert once', async () => {
    const target = destination('hook', { options: { url }, concurrency: 4 })
    await send(40, target)
    const deliveries = await start(target)
    await until(async () => {
      for (const each of deliveries) each.wake()
      return (await daemons[0]!.store.countDeliveries()).delivered === 40
    })
    expect(new Set(keys).size).toBe(40)
    expect(keys).toHaveLength(40)
    expect(peak).toBeLessThanOrEqual(4)
  })

  it('together they send no more than the rate allows', async () => {
    const target = destination('hook', { options: { url }, rateLimit: { perMinute: 60, burst: 3 } })
    await send(12, target)
    const deliveries = await start(target)
    for (const allowed of [3, 4, 5]) {
      await until(async () => (await daemons[0]!.store.countDeliveries()).delivered === allowed)
      // Passes that begin now find no token.
      await Promise.all(deliveries.map((each) => each.drain(1)))
      expect(keys).toHaveLength(allowed)
      daemons[0]!.clock.advance(1_000)
      for (const each of deliveries) each.wake()
    }
  })

  it('one of them probes a paused destination, with one request', async () => {
    const target = destination('hook', { options: { url } })
    await send(5, target)
    status = 401
    const deliveries = await start(target)
    await until(async () => (await daemons[0]!.store.destinationState('hook')).value.pausedAt !== null)
    await until(
      async () => (await daemons[0]!.store.deliveries({ states: ['sending'], limit: 9 })).length === 0,
    )
    const before = keys.length
    daemons[0]!.clock.advance(5 * 60_000)
    for (const each of deliveries) each.wake()
    await until(() => keys.length > before)
    await Promise.all(deliveries.map((each) => each.drain(1)))
    expect(keys).toHaveLength(before + 1)
  })
})
