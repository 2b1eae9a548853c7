/** Whose fault a refusal is: several detections pause the destination, one detection loses its own alerts alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clearRefusals, refusalCause } from '../../src/delivery/destination-state/refusal-streak.ts'
import { notificationJson } from '../../src/model/alerts/alert.ts'
import type { Destination } from '../../src/model/project/destination.ts'
import type { DestinationState } from '../../src/store/store.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { envReference } from '../support/secrets.ts'
import { draft, T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000

let harness: DeliveryHarness
let receiver: Receiver
let inbox: Receiver
beforeEach(async () => {
  harness = await openDeliveryHarness()
  receiver = await startReceiver()
  inbox = await startReceiver()
})
afterEach(async () => {
  await harness.close()
  await receiver.close()
  await inbox.close()
})

const soc = () => destination('soc', { concurrency: 1, options: { url: receiver.url } })
const fallback = () => destination('inbox', { options: { url: inbox.url } })
const start = async (...more: Destination[]) => {
  const loop = harness.open(registry([soc(), fallback(), ...more], { fallback: ['inbox'] }))
  await loop.start()
  return loop
}
const isPaused = async () => (await harness.store.destinationState('soc')).value.pausedAt !== null
const statesOf = async (name: string) => {
  const rows = await harness.store.deliveries({ destination: name, limit: 100 })
  return rows.map(({ state }) => state).sort()
}
const settled = (name: string, ...states: string[]) =>
  until(async () => JSON.stringify(await statesOf(name)) === JSON.stringify(states.sort()))
const codes = () => harness.findings.map(({ code }) => code)

/** Refuses with this body, in which the title of the alert is quoted. */
const refuse = (status: number, why: string, times = 1) => {
  for (let n = 0; n < times; n++) receiver.script({ status, body: why })
}

describe('refusals in a row with the same cause', () => {
  it('[DEL-4.7] those of two detections pause the destination, with one finding, and bring back what died of them', async () => {
    refuse(422, '{"error":"field 17 is required"}', 2)
    const loop = await start()
    await harness.send('alert-1', [soc()], { detection: 'A' })
    loop.wake()
    await settled('soc', 'dead')
    await harness.send('alert-2', [soc()], { detection: 'B' })
    loop.wake()
    await until(isPaused)
    await settled('soc', 'pending', 'waiting')
    expect(codes().filter((code) => code === 'DestinationPaused')).toHaveLength(1)
    const acts = (await harness.store.audit({ limit: 50 })).filter(({ verb }) => verb === 'retried')
    expect(acts).toMatchObject([
      { actor: 'system', via: 'system', subject: { kind: 'alert', id: 'alert-1' }, after: 'soc' },
    ])
    inbox.expect(1)
    receiver.always({ status: 200 })
    harness.clock.advance(5 * MINUTE)
    await settled('soc', 'delivered', 'delivered')
    await receiver.until(4)
    expect(await isPaused()).toBe(false)
  })

  it('[DEL-4.7] the next start brings back what died of them if the daemon ended before', async () => {
    refuse(422, 'no', 2)
    const lost = async () => {
      throw new Error('the daemon ended')
    }
    const first = harness.open(registry([soc()]), { store: { ...harness.store, retry: lost } })
    await first.start()
    await harness.send('alert-1', [soc()], { detection: 'A' })
    await harness.send('alert-2', [soc()], { detection: 'B' })
    first.wake()
    await until(isPaused)
    await first.stop()
    expect(await statesOf('soc')).toEqual(['dead', 'waiting'])
    await harness.open(registry([soc()])).start()
    expect(await statesOf('soc')).toEqual(['pending', 'waiting'])
    receiver.expect(2)
  })

  it('[DEL-4.7] a pause for another cause brings back nothing', async () => {
    refuse(422, 'no')
    harness.environment.TOKEN = 'a token'
    const secured = destination('soc', {
      concurrency: 1,
      options: { url: receiver.url, headers: { 'x-token': envReference('TOKEN') } },
    })
    const loop = harness.open(registry([secured]))
    await loop.start()
    await harness.send('alert-1', [secured], { detection: 'A' })
    loop.wake()
    await settled('soc', 'dead')
    delete harness.environment.TOKEN
    await harness.send('alert-2', [secured], { detection: 'B' })
    loop.wake()
    await until(isPaused)
    await loop.stop()
    expect(await statesOf('soc')).toEqual(['dead', 'waiting'])
    receiver.expect(1)
  })

  it('[DEL-4.8] those of one detection never pause it, and do not keep others from it', async () => {
    refuse(422, 'no', 5)
    const loop = await start()
    for (let n = 0; n < 5; n++) await harness.send(`alert-${n}`, [soc()], { detection: 'A' })
    loop.wake()
    await settled('soc', 'dead', 'dead', 'dead', 'dead', 'dead')
    expect(await isPaused()).toBe(false)
    await harness.send('alert-b', [soc()], { detection: 'B' })
    loop.wake()
    await settled('soc', 'dead', 'dead', 'dead', 'dead', 'dead', 'delivered')
    inbox.expect(5)
    await settled('inbox', ...Array<string>(5).fill('delivered'))
    receiver.expect(6)
  })

  it.each([
    ['another cause', 'limit of the title'],
    ['an accepted alert', null],
  ])('[DEL-4.7] %s between them begins a new row', async (_, between) => {
    refuse(422, 'a field is required')
    receiver.script(between === null ? { status: 200 } : { status: 422, body: between })
    refuse(422, 'a field is required')
    const loop = await start()
    for (const [n, detection] of ['A', 'B', 'A'].entries()) {
      await harness.send(`alert-${n}`, [soc()], { detection })
    }
    loop.wake()
    await receiver.until(3)
    await until(
      async () => (await harness.store.countDeliveries(['pending', 'sending', 'waiting'])).pending === 0,
    )
    await settled('soc', 'dead', between === null ? 'delivered' : 'dead', 'dead')
    expect(await isPaused()).toBe(false)
    inbox.expect(3)
  })

  it('[DEL-4.8] alerts of the system count as no detection', async () => {
    refuse(422, 'no', 3)
    const loop = await start()
    await harness.send('alert-1', [soc()], { detection: 'A' })
    await harness.send('alert-2', [soc()], { detection: 'Signalbox.X', kind: 'SYSTEM_ERROR' })
    await harness.send('alert-3', [soc()], { detection: 'Signalbox.Y', kind: 'SYSTEM_ERROR' })
    loop.wake()
    await settled('soc', 'dead', 'dead', 'dead')
    expect(await isPaused()).toBe(false)
    receiver.expect(3)
    inbox.expect(3)
  })

  it('[DEL-4.9] a probe with the same refusal keeps the pause and its delivery, and the next probe is another delivery', async () => {
    refuse(422, 'no', 3)
    const loop = await start()
    await harness.send('alert-1', [soc()], { detection: 'A' })
    await harness.send('alert-2', [soc()], { detection: 'B' })
    loop.wake()
    await until(isPaused)
    await settled('soc', 'pending', 'waiting')
    const keys = () => receiver.requests.map(({ headers }) => headers['idempotency-key'])
    harness.clock.advance(5 * MINUTE)
    await receiver.until(3)
    await until(async () => (await harness.store.countDeliveries()).sending === 0)
    expect(await isPaused()).toBe(true)
    harness.clock.advance(5 * MINUTE)
    await receiver.until(5)
    expect(keys()[2]).not.toBe(keys()[3])
    await settled('soc', 'delivered', 'delivered')
    inbox.expect(1)
  })

  it('[DEL-4.10] a code that pauses for alerts of one detection alone does not pause again after another detection was accepted', async () => {
    receiver.script({ status: 403, body: 'blocked by a rule' })
    const loop = await start()
    await harness.send('poison-1', [soc()], { detection: 'A' })
    loop.wake()
    await until(isPaused)
    // The probe takes what waits longest: the refused delivery is due again since the refusal.
    await harness.send('sound-1', [soc()], { detection: 'B', due: T0 - MINUTE })
    receiver.script({ status: 200 }, { status: 403, body: 'blocked by a rule' })
    harness.clock.advance(5 * MINUTE)
    await settled('soc', 'dead', 'delivered')
    expect(await isPaused()).toBe(false)
    await receiver.until(3)
    inbox.expect(1)
  })
})

it('an accepted alert leaves the state as it is if no refusal came before, so that nothing is written', () => {
  const fault = { cause: '403 no', detection: 'A', at: T0 }
  const state: DestinationState = {
    pausedAt: null,
    pausedReason: '',
    probeAt: null,
    failures: 0,
    alertFaults: [fault],
    tokens: null,
    tokensAt: null,
  }
  expect(clearRefusals(state, 'B', T0 + MINUTE)).toBe(state)
  expect(clearRefusals(state, 'A', T0 + MINUTE).alertFaults).toEqual([])
  expect(clearRefusals(state, 'B', T0 + 25 * 60 * MINUTE).alertFaults).toEqual([])
})

describe('an answer of something in between', () => {
  const PAGE = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }

  it('[DEL-4.11] pauses after three in a row for alerts of two detections', async () => {
    receiver.always(PAGE)
    const loop = await start()
    await harness.send('alert-1', [soc()], { detection: 'A' })
    await harness.send('alert-2', [soc()], { detection: 'B' })
    loop.wake()
    await receiver.until(2)
    await settled('soc', 'waiting', 'waiting')
    expect(await isPaused()).toBe(false)
    receiver.expect(4)
    harness.clock.advance(1_000)
    await until(isPaused)
    await until(() => codes().includes('DestinationPaused'))
    expect(harness.findings[0]!.description).toContain(
      '200, but not with an answer of the receiver: an HTML page',
    )
  })

  it('[DEL-4.11] pauses after a quarter of an hour for alerts of one detection', async () => {
    receiver.always(PAGE)
    receiver.expect(1_000)
    const loop = await start()
    await harness.send('alert-1', [soc()], { detection: 'A' })
    for (let minute = 0; minute < 14; minute++) {
      await loop.drain(1)
      harness.clock.advance(MINUTE)
    }
    expect(await isPaused()).toBe(false)
    for (let minute = 0; minute < 4; minute++) {
      await loop.drain(1)
      harness.clock.advance(MINUTE)
    }
    await until(isPaused)
    inbox.expect(1)
  })
})

describe('an alert that waits for a paused destination', () => {
  it('[DEL-4.12] goes to the fallback once after 15 minutes, marked, and still reaches its own destination', async () => {
    receiver.always({ status: 401 })
    receiver.expect(100)
    const loop = await start()
    await harness.send('alert-1', [soc()], { detection: 'A' })
    loop.wake()
    await until(isPaused)
    for (let n = 0; n < 2; n++) {
      harness.clock.advance(7 * MINUTE)
      await loop.drain(1)
    }
    expect(inbox.requests).toHaveLength(0)
    harness.clock.advance(2 * MINUTE)
    await inbox.until(1)
    await settled('inbox', 'delivered')
    expect(JSON.parse(inbox.requests[0]!.body).title).toBe('[Waiting for soc]: New Alert: title of alert-1')
    const [copy] = await harness.store.deliveries({ destination: 'inbox', limit: 1 })
    expect(copy!.reason).toBe('fallback: waiting for soc, which is paused: 401')
    for (let n = 0; n < 4; n++) {
      harness.clock.advance(7 * MINUTE)
      await loop.drain(1)
    }
    expect(inbox.requests).toHaveLength(1)
    receiver.always({ status: 200 })
    harness.clock.advance(5 * MINUTE)
    await settled('soc', 'delivered')
  })

  it('[DEL-4.12] does not go to a fallback to which its own route leads', async () => {
    receiver.always({ status: 401 })
    receiver.expect(100)
    const loop = await start()
    await harness.send('alert-1', [soc(), fallback()], { detection: 'A' })
    loop.wake()
    await until(isPaused)
    await settled('inbox', 'delivered')
    for (let n = 0; n < 4; n++) {
      harness.clock.advance(7 * MINUTE)
      await loop.drain(1)
    }
    expect(harness.logged.filter((entry) => entry.includes('go to the fallback'))).toEqual([])
    inbox.expect(1)
  })

  it('[DEL-4.12] the time is that of the registry, and many alerts go in steps', async () => {
    receiver.always({ status: 401 })
    receiver.expect(100)
    const loop = harness.open(registry([soc(), fallback()], { fallback: ['inbox'], fallbackAfterMs: MINUTE }))
    for (let n = 0; n < 450; n++) await harness.send(`alert-${n}`, [soc()], { detection: 'A' })
    await loop.start()
    await until(isPaused)
    harness.clock.advance(MINUTE)
    await inbox.until(450)
    await until(async () => (await statesOf('inbox')).every((state) => state === 'delivered'))
  })
})

describe('the cause of a refusal', () => {
  const causeOf = (id: string, message: (values: { title: string; id: string }) => string) => {
    const title = `root login of ${id}`
    const notification = notificationJson(draft({ title }), `alert-of-${id}`, T0, '')
    return refusalCause(400, message({ title: JSON.parse(notification).title as string, id }), notification)
  }

  it.each([
    ['the title', ({ title }: { title: string }) => `"${title}" is not valid`],
    [
      'numbers and times',
      ({ id }: { id: string }) => `too long by ${id.length} at 2026-01-0${id.length}T00:00:00Z`,
    ],
    ['ids', ({ id }: { id: string }) => `invalid (request 8f14e45f-ceea-467f-a8f1-${id.padEnd(12, '0')})`],
  ])('is the same for two alerts that differ in %s', (_, message) => {
    expect(causeOf('ab1', message)).toBe(causeOf('abcde2', message))
  })

  it('differs for another field and another status', () => {
    expect(causeOf('a', () => 'assignee is required')).not.toBe(causeOf('a', () => 'team is required'))
    const notification = notificationJson(draft(), 'a', T0, '')
    expect(refusalCause(400, 'no', notification)).not.toBe(refusalCause(422, 'no', notification))
  })
})
