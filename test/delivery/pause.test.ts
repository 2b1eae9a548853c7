import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { envReference } from '../support/secrets.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000
const DAY = 86_400_000

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

const soc = () => destination('soc', { options: { url: receiver.url } })
const paused = async () => (await harness.store.destinationState('soc')).value.pausedAt !== null
const count = async (state: 'waiting' | 'pending' | 'delivered') =>
  (await harness.store.countDeliveries())[state]

describe('a destination that answers 401, 403, 404 or 410', () => {
  it.each([401, 403, 404, 410])(
    '[DEL-4.1] the status %i pauses the destination, is reported once and does not count as an attempt',
    async (status) => {
      receiver.always({ status, body: 'go away' })
      const loop = harness.open(registry([soc()]))
      await harness.send('alert-1', [soc()])
      await loop.start()
      await receiver.until(1)
      await until(async () => (await count('waiting')) === 1)
      await harness.send('alert-2', [soc()])
      await loop.drain(MINUTE)
      expect(await harness.store.countDeliveries()).toMatchObject({ delivered: 0, waiting: 1, pending: 1 })
      expect(harness.findings.map(({ code, dedup }) => [code, dedup])).toEqual([['DestinationPaused', 'soc']])
      const deliveries = await harness.store.deliveries({ limit: 10 })
      expect(deliveries.map(({ attempts }) => attempts)).toEqual([0, 0])
    },
  )

  it('[DEL-4.3] a paused destination is probed every five minutes, with one delivery', async () => {
    receiver.always({ status: 401 })
    const loop = harness.open(registry([soc()]))
    await harness.send('alert-1', [soc()])
    await loop.start()
    await receiver.until(1)
    await until(paused)
    for (let n = 2; n <= 5; n++) await harness.send(`alert-${n}`, [soc()])
    for (let probe = 2; probe <= 3; probe++) {
      harness.clock.advance(5 * MINUTE)
      await receiver.until(probe)
      await until(async () => (await harness.store.countDeliveries()).sending === 0)
    }
    expect(harness.findings).toHaveLength(1)
  })

  it('[DEL-4.4] a successful probe resumes the destination, and waiting deliveries are sent', async () => {
    receiver.script({ status: 401 })
    const loop = harness.open(registry([soc()]))
    await harness.send('alert-1', [soc()])
    await loop.start()
    await receiver.until(1)
    await until(paused)
    for (let n = 2; n <= 4; n++) await harness.send(`alert-${n}`, [soc()])
    harness.clock.advance(5 * MINUTE)
    await receiver.until(5)
    await until(async () => (await count('delivered')) === 4)
    expect(await paused()).toBe(false)
  })

  it('[DEL-4.13] the audit says when a destination was paused and why, and when it works again', async () => {
    receiver.script({ status: 401, body: 'bad key' })
    receiver.script({ status: 401, body: 'bad key' })
    const loop = harness.open(registry([soc()]))
    await harness.send('alert-1', [soc()])
    await loop.start()
    await receiver.until(1)
    await until(paused)
    const pausedAt = harness.clock.now()
    for (let probe = 2; probe <= 3; probe++) {
      harness.clock.advance(5 * MINUTE)
      await receiver.until(probe)
    }
    await until(async () => !(await paused()))
    const subject = { kind: 'destination', id: 'soc' } as const
    const common = { subject, actor: 'system', via: 'system' }
    expect(await harness.store.audit({ subject, limit: 10 })).toMatchObject([
      { ...common, verb: 'paused', at: pausedAt, before: '', after: '401: bad key' },
      { ...common, verb: 'resumed', at: pausedAt + 10 * MINUTE, before: '401: bad key', after: '' },
    ])
  })

  it('[DEL-4.3] a paused destination is probed on reload', async () => {
    receiver.script({ status: 403 })
    const loop = harness.open(registry([soc()]))
    await harness.send('alert-1', [soc()])
    await loop.start()
    await receiver.until(1)
    await until(paused)
    await loop.reload(registry([soc()]))
    await receiver.until(2)
    await until(async () => (await count('delivered')) === 1)
  })

  it('[DEL-4.5] deliveries of a paused destination do not age, also over a restart', async () => {
    const mortal = { ...soc(), retry: { maxAgeMs: DAY, maxAttempts: 0 } }
    receiver.script({ status: 401 })
    const first = harness.open(registry([mortal]))
    await harness.send('alert-1', [mortal])
    await first.start()
    await receiver.until(1)
    await until(paused)
    await harness.send('alert-2', [mortal])
    await first.stop()
    harness.clock.advance(10 * DAY)
    receiver.script({ status: 200 }, { status: 503 })
    await harness.open(registry([mortal])).start()
    await receiver.until(3)
    await until(async () => (await count('waiting')) === 1)
    const [alive] = await harness.store.deliveries({ states: ['waiting'], limit: 1 })
    expect(alive).toMatchObject({ pausedMs: 10 * DAY, attempts: 1 })
    harness.clock.advance(1_000)
    await receiver.until(4)
    await until(async () => (await count('delivered')) === 2)
  })

  it('[DEL-4.6] a destination stays paused when the probe has another failure', async () => {
    receiver.script({ status: 401 }, { status: 503 })
    const loop = harness.open(registry([soc()]))
    await harness.send('alert-1', [soc()])
    await loop.start()
    await receiver.until(1)
    await until(paused)
    await loop.reload(registry([soc()]))
    await receiver.until(2)
    await until(async () => (await count('waiting')) === 1)
    expect(await paused()).toBe(true)
    expect(await harness.store.deliveries({ limit: 1 })).toMatchObject([{ attempts: 0 }])
  })
})

describe('a secret that is missing', () => {
  it('[DEL-4.2] a missing secret pauses its destination and is named', async () => {
    const a = destination('soc', { options: { url: envReference('NOWHERE') } })
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await loop.start()
    await until(paused)
    await until(() => harness.findings.length === 1)
    expect(harness.findings[0]?.description).toContain('the environment variable NOWHERE is not set')
  })
})
