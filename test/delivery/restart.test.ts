/** All state that must survive the end of a daemon is in the file of the store. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliveryGauges } from '../../src/delivery/gauges.ts'
import type { Destination, Registry } from '../../src/model/project/destination.ts'
import { manualClock } from '../support/clock.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let folder: string
let harness: DeliveryHarness
let receiver: Receiver
let inbox: Receiver
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-restart-'))
  harness = await openDeliveryHarness(folder, manualClock(T0))
  receiver = await startReceiver()
  inbox = await startReceiver()
})
afterEach(async () => {
  await harness.close()
  await Promise.all([receiver.close(), inbox.close()])
  rmSync(folder, { recursive: true, force: true })
})

const soc = (over: Partial<Destination> = {}) =>
  destination('soc', { options: { url: receiver.url }, ...over })
const inboxDestination = () => destination('inbox', { options: { url: inbox.url } })
const counts = () => harness.store.countDeliveries()
const settled = () => until(async () => (await counts()).pending + (await counts()).sending === 0)

/** The daemon ends, time passes, and the next one opens the same file with this registry. */
async function restart(next: Registry, passedMs = 0) {
  await harness.close()
  harness.clock.advance(passedMs)
  harness = await openDeliveryHarness(folder, harness.clock)
  const loop = harness.open(next)
  await loop.start()
  return loop
}

async function start(first: Registry, ...alerts: string[]) {
  const loop = harness.open(first)
  for (const id of alerts) await harness.send(id, first.destinations.slice(0, 1))
  await loop.start()
  return loop
}

describe('over a restart', () => {
  it('[DEL-2.1] a rate limit still holds deliveries back after a restart', async () => {
    const slow = registry([soc({ rateLimit: { perMinute: 60, burst: 2 } })])
    await start(slow, 'one', 'two', 'three', 'four')
    await receiver.until(2)
    await until(async () => (await counts()).delivered === 2)
    const loop = await restart(slow, 500)
    await loop.drain(1)
    expect(receiver.requests).toHaveLength(2)
    receiver.expect(3)
    harness.clock.advance(500)
    await until(async () => (await counts()).delivered === 3)
    expect(receiver.requests).toHaveLength(3)
  })

  it('[DEL-2.1] a breaker stays open over a restart', async () => {
    receiver.always({ status: 503 })
    receiver.expect(5)
    await start(registry([soc()]), 'one', 'two', 'three', 'four', 'five')
    await settled()
    const loop = await restart(registry([soc()]), 900)
    await loop.drain(1)
    expect(receiver.requests).toHaveLength(5)
    receiver.always({ status: 200 })
    receiver.expect(10)
    harness.clock.advance(60_000)
    await until(async () => (await counts()).delivered === 5)
    expect((await harness.store.destinationState('soc')).value).toMatchObject({ failures: 0 })
  })

  it('[DEL-2.1] a wait ends at the same time in spite of a restart', async () => {
    receiver.script({ status: 429, headers: { 'retry-after': '3600' } })
    await start(registry([soc()]), 'one')
    await receiver.until(1)
    await settled()
    const loop = await restart(registry([soc()]), HOUR - 1)
    await loop.drain(0)
    expect(receiver.requests).toHaveLength(1)
    receiver.expect(2)
    harness.clock.advance(1)
    await until(async () => (await counts()).delivered === 1)
  })

  it('[DEL-2.1] a pause lasts over a restart, is reported once, and does not count for the age', async () => {
    receiver.always({ status: 404 })
    const mortal = registry([soc({ retry: { maxAgeMs: DAY, maxAttempts: 0 } })])
    await start(mortal, 'one')
    await receiver.until(1)
    await settled()
    // The finding is admitted after the outcome is stored.
    await until(() => harness.findings.length > 0)
    expect(harness.findings.map(({ code }) => code)).toEqual(['DestinationPaused'])
    receiver.expect(2)
    await restart(mortal, 10 * DAY)
    await receiver.until(2)
    await settled()
    expect(harness.findings).toEqual([])
    expect(await deliveryGauges(harness.store, mortal)).toEqual([
      ...['pending', 'sending', 'waiting', 'queued', 'dead', 'orphaned', 'scheduled'].map((state) => ({
        name: 'signalbox_deliveries_open',
        value: state === 'waiting' ? 1 : 0,
        labels: { state },
      })),
      { name: 'signalbox_destination_paused', value: 1, labels: { destination: 'soc' } },
      { name: 'signalbox_destination_failures', value: 0, labels: { destination: 'soc' } },
    ])
    receiver.always({ status: 200 })
    receiver.expect(3)
    harness.clock.advance(300_000)
    await until(async () => (await counts()).delivered === 1)
  })

  it('[DEL-2.2] the age counts on over a restart, and a dead delivery goes to the fallback', async () => {
    receiver.always({ status: 503 })
    const mortal = registry([soc({ retry: { maxAgeMs: DAY, maxAttempts: 0 } }), inboxDestination()], {
      fallback: ['inbox'],
    })
    await start(mortal, 'one')
    await receiver.until(1)
    await settled()
    receiver.expect(2)
    inbox.expect(1)
    await restart(mortal, DAY)
    await until(async () => (await counts()).delivered === 1)
    const [dead] = await harness.store.deliveries({ states: ['dead'], limit: 1 })
    expect(dead).toMatchObject({ attempts: 2, message: 'not delivered in 1 d: 503' })
    const [taken] = await harness.store.deliveries({ destination: 'inbox', limit: 1 })
    expect(taken).toMatchObject({ reason: 'fallback: soc is dead: not delivered in 1 d: 503' })
  })

  it('[DEL-2.3] an alert that went to the fallback before a restart reaches it once', async () => {
    receiver.always({ status: 422 })
    inbox.script({ status: 500 })
    const both = registry([soc(), inboxDestination()], { fallback: ['inbox'] })
    await start(both, 'one')
    await Promise.all([receiver.until(1), inbox.until(1)])
    await settled()
    inbox.expect(2)
    await restart(both, 1_000)
    await until(async () => (await counts()).delivered === 1)
    await restart(both)
    expect(await counts()).toMatchObject({ dead: 1, delivered: 1, waiting: 0, pending: 0 })
    const keys = inbox.requests.map(({ headers }) => headers['idempotency-key'])
    expect(new Set(keys).size).toBe(1)
  })

  it('[DEL-2.3] a removed destination leaves an orphan whose alert goes to the fallback once, and which its new name adopts', async () => {
    receiver.script({ status: 503 })
    inbox.expect(1)
    await start(registry([soc()]), 'one')
    await receiver.until(1)
    await settled()
    const without = registry([inboxDestination()], { fallback: ['inbox'] })
    await restart(without)
    await until(async () => (await counts()).delivered === 1)
    await restart(without)
    expect(await counts()).toMatchObject({ orphaned: 1, delivered: 1, pending: 0 })
    const renamed = destination('soc-2', { options: { url: receiver.url }, previousNames: ['soc'] })
    receiver.expect(2)
    await restart(registry([renamed, inboxDestination()], { fallback: ['inbox'] }))
    await until(async () => (await counts()).delivered === 2)
    const keys = receiver.requests.map(({ headers }) => headers['idempotency-key'])
    expect(new Set(keys).size).toBe(1)
  })

  it('[DEL-2.2] attempts are counted on over a restart', async () => {
    receiver.always({ status: 500 })
    const thrice = registry([soc({ retry: { maxAgeMs: 3 * DAY, maxAttempts: 2 } })])
    await start(thrice, 'one')
    await receiver.until(1)
    await settled()
    receiver.expect(2)
    await restart(thrice, 1_000)
    await until(async () => (await counts()).dead === 1)
    const [dead] = await harness.store.deliveries({ limit: 1 })
    expect(dead!.message).toBe('not delivered in 2 attempts: 500')
    expect((await harness.store.attempts(dead!.id)).map(({ n, at }) => [n, at - T0])).toEqual([
      [1, 0],
      [2, 1_000],
    ])
  })
})
