import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isOpen, onFailure, onSuccess } from '../../src/delivery/destination-state/breaker.ts'
import { sendPermit } from '../../src/store/rows/send-permit.ts'
import type { DestinationState } from '../../src/store/store.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = 1_000_000
const fresh: DestinationState = {
  pausedAt: null,
  pausedReason: '',
  probeAt: null,
  failures: 0,
  tokens: null,
  tokensAt: null,
}
const failed = (times: number, at = NOW) =>
  Array.from({ length: times }).reduce<DestinationState>((state) => onFailure(state, null, at), fresh)

describe('the breaker', () => {
  it.each([
    [4, false, null],
    [5, true, NOW + 1_000],
    [6, true, NOW + 2_000],
    [10, true, NOW + 32_000],
    [50, true, NOW + MINUTE],
  ])('after %i failures in a row the breaker is open: %s, and holds until: %s', (times, open, heldUntil) => {
    const state = failed(times)
    expect([isOpen(state), state.heldUntil ?? null]).toEqual([open, heldUntil])
  })

  it('[DEL-3.10] the breaker lets one delivery try when its hold is over', () => {
    expect(sendPermit(failed(5), null, NOW)).toMatchObject({ maxSends: 0, retryAt: NOW + 1_000 })
    expect(sendPermit(failed(5), null, NOW + 1_000)).toMatchObject({
      maxSends: 1,
      isHalfOpen: true,
      isProbe: false,
    })
    const limit = { perMinute: 60, burst: 10 }
    expect(sendPermit({ ...failed(5), tokens: 0, tokensAt: NOW + 1_000 }, limit, NOW + 1_000)).toMatchObject({
      maxSends: 0,
    })
  })

  it('[DEL-3.10] the breaker closes with the first answer', () => {
    const closed = onSuccess(failed(8))
    expect(closed).toMatchObject({ failures: 0, heldUntil: null })
    expect(onSuccess(closed)).toBe(closed)
  })

  it('takes a wait that the provider ordered for no failure, and keeps it over answers', () => {
    const held = onFailure(failed(2), 30_000, NOW)
    expect(held).toMatchObject({ failures: 2, heldUntil: NOW + 30_000 })
    expect(onFailure(held, 10_000, NOW).heldUntil).toBe(NOW + 30_000)
    expect(onSuccess(held)).toMatchObject({ failures: 0, heldUntil: NOW + 30_000 })
  })
})

describe('with real parts', () => {
  let harness: DeliveryHarness
  let receiver: Receiver
  beforeEach(async () => {
    harness = await openDeliveryHarness()
    receiver = await startReceiver()
  })
  afterEach(async () => {
    await harness.close()
    await receiver.close()
  })
  const soc = (over = {}) => destination('soc', { options: { url: receiver.url }, ...over })
  const counts = () => harness.store.countDeliveries()
  const sendMany = async (n: number, target = soc()) => {
    for (let i = 0; i < n; i++) await harness.send(`alert-${i}`, [target])
  }

  it('[DEL-3.11] a destination that is down for two hours loses nothing with default settings, and gets few requests', async () => {
    receiver.always({ status: 503 })
    const loop = harness.open(registry([soc()]))
    await sendMany(100)
    await loop.start()
    for (let passed = 0; passed < 2 * HOUR; passed += MINUTE / 2) {
      await loop.drain(1)
      harness.clock.advance(MINUTE / 2)
    }
    const whileDown = receiver.requests.length
    receiver.expect(whileDown + 100)
    expect(await counts()).toMatchObject({ dead: 0, delivered: 0 })
    // The limit is one per minute and the first few attempts. A hundred alerts with their own retries would make
    // thousands.
    expect(whileDown).toBeLessThan(150)
    receiver.always({ status: 200 })
    for (let passed = 0; passed < 10 * MINUTE; passed += MINUTE / 2) {
      harness.clock.advance(MINUTE / 2)
      await loop.drain(1)
    }
    expect(await counts()).toMatchObject({ dead: 0, delivered: 100, waiting: 0 })
    expect(receiver.requests).toHaveLength(whileDown + 100)
    expect(harness.findings).toEqual([])
  })

  it('[DEL-3.9] a wait that the provider orders holds all deliveries of the destination, also over a restart', async () => {
    receiver.script({ status: 429, headers: { 'retry-after': '90' } })
    const target = soc({ concurrency: 1 })
    const first = harness.open(registry([target]))
    await sendMany(3, target)
    await first.start()
    await receiver.until(1)
    await until(async () => (await counts()).waiting === 1)
    await first.stop()
    const second = harness.open(registry([target]))
    await second.start()
    harness.clock.advance(89_000)
    await second.drain(1)
    expect(receiver.requests).toHaveLength(1)
    harness.clock.advance(1_000)
    await receiver.until(4)
    await until(async () => (await counts()).delivered === 3)
  })

  it('[DEL-3.12] no more than `concurrency` deliveries are under way at once', async () => {
    let answer = () => {}
    const gateOfReceiver = new Promise<void>((resolve) => {
      answer = resolve
    })
    receiver.always({ status: 200, after: gateOfReceiver })
    const loop = harness.open(registry([soc({ concurrency: 2 })]))
    await sendMany(5)
    await loop.start()
    await receiver.until(2)
    loop.wake()
    await until(async () => (await counts()).sending === 2)
    expect(receiver.requests).toHaveLength(2)
    receiver.expect(5)
    answer()
    await until(async () => (await counts()).delivered === 5)
  })

  it('[DEL-3.14] a delivery that became due by an older clock does not wait for that time', async () => {
    const loop = harness.open(registry([soc()]))
    await loop.start()
    await loop.drain(1)
    harness.clock.advance(-HOUR)
    await loop.drain(1)
    // A plan that was made before the clock step and committed after it.
    await harness.send('alert-1', [soc()], { due: NOW + harness.clock.now() + HOUR })
    loop.wake()
    await receiver.until(1)
    await until(async () => (await counts()).delivered === 1)
    await loop.stop()
    await harness.send('alert-2', [soc()], { due: harness.clock.now() + HOUR })
    await harness.open(registry([soc()])).start()
    await receiver.until(2)
    await until(async () => (await counts()).delivered === 2)
  })

  it('[DEL-3.14] a clock that is set back does not hold waiting deliveries', async () => {
    receiver.script({ status: 500 })
    const loop = harness.open(registry([soc({ rateLimit: { perMinute: 60, burst: 5 } })]))
    await harness.send('alert-1', [soc()])
    await loop.start()
    await receiver.until(1)
    await until(async () => (await counts()).waiting === 1)
    const { due } = (await harness.store.deliveries({ limit: 1 }))[0]!
    harness.clock.advance(-HOUR)
    loop.wake()
    await until(async () => (await harness.store.deliveries({ limit: 1 }))[0]!.due === due - HOUR)
    harness.clock.advance(1_000)
    await receiver.until(2)
    await until(async () => (await counts()).delivered === 1)
  })

  it('no date is moved if the store has an own clock', async () => {
    const shifts: number[] = []
    const shiftDueDates = async (ms: number) => void shifts.push(ms)
    const loop = harness.open(registry([soc()]), {
      store: { ...harness.store, ownClock: true, shiftDueDates },
    })
    await harness.send('alert-1', [soc()])
    await loop.start()
    await receiver.until(1)
    harness.clock.advance(-HOUR)
    await harness.send('alert-2', [soc()], { due: harness.clock.now() })
    loop.wake()
    await receiver.until(2)
    expect(shifts).toEqual([])
  })
})
