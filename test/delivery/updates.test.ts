/** Updates of delivered alerts, through a real store and a real HTTP server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertAct } from '../../src/alerts/status-change.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { defineDestination, type Update } from '../../src/destinations/_destination.ts'
import { UPDATE_EVENTS } from '../../src/model/alerts/alert-update.ts'
import type { Destination } from '../../src/model/project/destination.ts'
import { changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { envReference } from '../support/secrets.ts'
import { expecting, plan } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const RESOLVE: AlertAct = { verb: 'resolve', note: '', reason: 'fixed' }
const ACKNOWLEDGE: AlertAct = { verb: 'acknowledge', note: 'on it' }

let folder: string
let harness: DeliveryHarness
let receiver: Receiver

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-updates-'))
  harness = await openDeliveryHarness(folder)
  receiver = await startReceiver()
})
afterEach(async () => {
  await harness.close()
  receiver.expect(receiver.requests.length)
  await receiver.close()
  rmSync(folder, { recursive: true })
})

/** Its requests say what they are for: an alert, or the events of an update. */
const speaking: DestinationType = defineDestination<{ url: string; token?: string }>({
  type: 'speaking',
  summary: 'says what it gets',
  options: {
    type: 'object',
    properties: {
      url: { type: 'string', description: 'URL' },
      token: { type: 'string', secret: true, description: 'token' },
    },
    additionalProperties: false,
  },
  *exchange(message, { url, token = '' }) {
    const { receipt, body } = yield post(url, { says: 'alert', title: message.title })
    return { ...receipt, remoteReference: JSON.stringify({ record: body, token }) }
  },
  updates: {
    events: UPDATE_EVENTS,
    *exchange(update, { url }) {
      return (yield post(url, { says: update.events.join('+'), ...shown(update) })).receipt
    },
  },
  answers: { provider: 'the receiver', success: [{ status: [200] }], rules: [] },
})

function post(url: string, body: object) {
  return { method: 'POST' as const, url, headers: {}, body: JSON.stringify(body) }
}

function shown({ status, closedReason, actor, note, severity, eventCount, firstKey, ...rest }: Update) {
  const { remoteReference, repeated, attemptedSince } = rest
  const found = { firstKey, remoteReference, repeated, attemptedSince }
  return { status, closedReason, actor, note, severity, eventCount, ...found }
}

const soc = (over: Partial<Destination> = {}) =>
  destination('soc', { type: 'speaking', options: { url: receiver.url }, updates: UPDATE_EVENTS, ...over })
const open = (destinations: readonly Destination[] = [soc()], fallback: readonly string[] = []) =>
  harness.open(registry(destinations, { fallback }), { types: async () => speaking })

const change = (act: AlertAct, alert = 'alert-1') =>
  changeAlert(harness.store, alert, act, { name: 'ann', via: 'cli' }, harness.clock.now())
/** A further event joins the alert. */
const repeat = () => {
  const merge = { alertId: 'alert-1', events: 1, lastEventAt: harness.clock.now(), logTypes: [] }
  return harness.store.commit(plan({ merges: [merge] }), expecting())
}
const bodies = () => receiver.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
const said = () => bodies().map(({ says }) => says)
const keys = () => receiver.requests.map(({ headers }) => headers['idempotency-key'])
const updateStates = async () =>
  (await harness.store.deliveries({ kind: 'update', limit: 10 })).toReversed().map(({ state }) => state)
/** Waits until the store has these numbers of deliveries. */
const untilStored = (counts: Partial<Awaited<ReturnType<DeliveryHarness['store']['countDeliveries']>>>) =>
  until(
    async () => {
      const stored = await harness.store.countDeliveries()
      return Object.entries(counts).every(([state, count]) => stored[state as keyof typeof stored] === count)
    },
    { what: JSON.stringify(counts) },
  )

describe('an update', () => {
  it('[DEL-12.1] is sent after its alert, with the key and the reference of the first delivery and a key of its own', async () => {
    receiver.script({ body: 'RECORD-1' })
    const delivery = open()
    await delivery.start()
    await harness.send('alert-1', [soc()])
    delivery.wake()
    await untilStored({ delivered: 1 })
    await change(ACKNOWLEDGE)
    delivery.wake()
    await untilStored({ delivered: 2 })
    expect(said()).toEqual(['alert', 'acknowledged'])
    expect(bodies()[1]).toEqual({
      says: 'acknowledged',
      status: 'acknowledged',
      closedReason: null,
      actor: 'ann',
      note: 'on it',
      severity: 'HIGH',
      eventCount: 1,
      firstKey: keys()[0],
      remoteReference: '{"record":"RECORD-1","token":""}',
      repeated: false,
      attemptedSince: expect.any(Number) as number,
    })
    expect(keys()[1]).not.toBe(keys()[0])
  })

  it('[DEL-12.1] [DEL-12.3] waits for an alert that is retried, and what waits becomes one update', async () => {
    receiver.script({ status: 500 }, { status: 500 })
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await receiver.until(1)
    await untilStored({ waiting: 1 })
    await change(ACKNOWLEDGE)
    await change({ verb: 'comment', note: 'a reboot' })
    await change(RESOLVE)
    harness.clock.advance(MINUTE_MS)
    await receiver.until(2)
    await untilStored({ waiting: 1, queued: 1 })
    harness.clock.advance(MINUTE_MS)
    await untilStored({ delivered: 2 })
    expect(said()).toEqual(['alert', 'alert', 'alert', 'commented+resolved'])
    expect(bodies().map(({ title }) => title)).toEqual([
      'New Alert: title of alert-1',
      '[Resolved]: New Alert: title of alert-1',
      '[Resolved]: New Alert: title of alert-1',
      undefined,
    ])
    expect(bodies()[3]).toMatchObject({ closedReason: 'fixed', note: 'on it\na reboot' })
    expect(new Set(keys()).size).toBe(2)
  })

  it('[DEL-12.2] that may have been sent is repeated with the same content and key, and the next one follows it', async () => {
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    receiver.script({ status: 503 })
    await change(ACKNOWLEDGE)
    delivery.wake()
    await untilStored({ waiting: 1 })
    await change(RESOLVE)
    await change({ verb: 'reopen', note: '' })
    harness.clock.advance(MINUTE_MS)
    await untilStored({ delivered: 3 })
    expect(said()).toEqual(['alert', 'acknowledged', 'acknowledged', 'reopened'])
    expect(bodies().map(({ repeated }) => repeated)).toEqual([undefined, false, true, false])
    expect(keys()[1]).toBe(keys()[2])
    expect(new Set(keys()).size).toBe(3)
  })

  it('[DEL-12.2] whose daemon ended while it was sent is sent again under its key by the next one', async () => {
    const first = open()
    await harness.send('alert-1', [soc()])
    await first.start()
    await untilStored({ delivered: 1 })
    await first.stop()
    await change(ACKNOWLEDGE)
    // A daemon that ends here has claimed the update and recorded nothing.
    const sentAt = harness.clock.now()
    const [claimed] = await harness.store.claim({ destinationKeys: ['soc'], limit: 1, leaseMs: HOUR_MS })
    await change(RESOLVE)
    harness.clock.advance(3 * DAY_MS)
    await harness.store.join({ name: 'the next daemon', hostId: 'h' })
    await open().start()
    await untilStored({ delivered: 3 })
    expect(said()).toEqual(['alert', 'acknowledged', 'resolved'])
    expect(keys()[1]).toBe(claimed!.delivery.id)
    expect(bodies()[1]).toMatchObject({ repeated: true, status: 'acknowledged' })
    expect(bodies()[1]!.attemptedSince).toBeLessThan(sentAt)
  })

  it('[DEL-12.3] about repeated events that waits for its hour takes a resolve along, after a restart, too', async () => {
    const first = open()
    await harness.send('alert-1', [soc()])
    await first.start()
    await untilStored({ delivered: 1 })
    await repeat()
    await first.stop()
    harness.clock.advance(MINUTE_MS)
    await harness.store.join({ name: 'the next daemon', hostId: 'h' })
    await change(RESOLVE)
    expect(await updateStates()).toEqual(['pending'])
    await open().start()
    await untilStored({ delivered: 2 })
    expect(said()).toEqual(['alert', 'repeated+resolved'])
  })

  it('[DEL-12.2] that was attempted and is retried by hand does not change while it is queued', async () => {
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    receiver.script({ status: 400 }, { status: 400 })
    await change(ACKNOWLEDGE)
    delivery.wake()
    await untilStored({ dead: 1 })
    await change(RESOLVE)
    delivery.wake()
    await untilStored({ dead: 2 })
    await delivery.stop()
    await harness.store.retry({ states: ['dead'], limit: 5 })
    await change({ verb: 'reopen', note: '' })
    expect(await updateStates()).toEqual(['pending', 'queued', 'queued'])
    await open().start()
    await untilStored({ delivered: 4 })
    expect(said().slice(1)).toEqual(['acknowledged', 'resolved', 'acknowledged', 'resolved', 'reopened'])
    expect(keys()[2]).toBe(keys()[4])
  })

  it('[DEL-12.4] of a dead alert is withdrawn, and sent after the alert when that is retried', async () => {
    receiver.script({ status: 400, body: 'no' })
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ dead: 1 })
    await change(RESOLVE)
    delivery.wake()
    expect(await updateStates()).toEqual(['withdrawn'])
    await harness.store.retry({ states: ['dead'], limit: 5 })
    delivery.wake()
    await untilStored({ delivered: 2 })
    expect(said()).toEqual(['alert', 'alert', 'resolved'])
  })

  it('[DEL-12.1] [DEL-12.5] of an alert that waits for a paused destination goes neither to it nor to the fallback', async () => {
    const inbox = destination('inbox', { type: 'speaking', options: { url: `${receiver.url}/inbox` } })
    receiver.script({ status: 401 })
    const delivery = open([soc(), inbox], ['inbox'])
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ waiting: 1 })
    await change(ACKNOWLEDGE)
    harness.clock.advance(16 * MINUTE_MS)
    await untilStored({ delivered: 3 })
    const paths = receiver.requests.map(({ path }, i) => `${path} ${said()[i] as string}`)
    expect(paths.filter((path) => path.startsWith('/inbox'))).toEqual(['/inbox alert'])
    expect(said().filter((says) => says === 'acknowledged')).toHaveLength(1)
    expect(paths.indexOf('/ acknowledged')).toBeGreaterThan(paths.lastIndexOf('/ alert'))
  })

  it.each([401, 403])(
    '[DEL-12.6] that is refused with %i is retried, and alerts are sent meanwhile',
    async (status) => {
      const delivery = open([soc()], [])
      await harness.send('alert-1', [soc()])
      await delivery.start()
      await untilStored({ delivered: 1 })
      receiver.script({ status })
      await change(ACKNOWLEDGE)
      delivery.wake()
      await untilStored({ waiting: 1 })
      expect((await harness.store.destinationState('soc')).value).toMatchObject({
        pausedAt: null,
        failures: 0,
      })
      await harness.send('alert-2', [soc()])
      delivery.wake()
      await untilStored({ delivered: 2 })
      harness.clock.advance(MINUTE_MS)
      await untilStored({ delivered: 3 })
      expect(said()).toEqual(['alert', 'acknowledged', 'alert', 'acknowledged'])
      expect(harness.findings).toEqual([])
    },
  )

  it.each([404, 410, 400, 409])(
    'that is refused with %i is dead, is reported, and has no fallback',
    async (status) => {
      const inbox = destination('inbox', { type: 'speaking', options: { url: `${receiver.url}/inbox` } })
      const delivery = open([soc(), inbox], ['inbox'])
      await harness.send('alert-1', [soc()])
      await delivery.start()
      await untilStored({ delivered: 1 })
      receiver.script({ status })
      await change(ACKNOWLEDGE)
      delivery.wake()
      await untilStored({ dead: 1 })
      await until(() => harness.findings.length > 0)
      expect(harness.findings.map(({ code }) => code)).toEqual(['UpdateDead'])
      expect((await harness.store.destinationState('soc')).value.pausedAt).toBeNull()
      await change(RESOLVE)
      delivery.wake()
      await untilStored({ delivered: 2 })
      expect(said()).toEqual(['alert', 'acknowledged', 'resolved'])
    },
  )

  it.each([
    [
      'a sign-in page with 200',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in' },
    ],
    ['429 with its wait', { status: 429, headers: { 'retry-after': '60' } }],
    ['503', { status: 503 }],
  ])('that is answered with %s is retried under its key', async (_, answer) => {
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    receiver.script(answer)
    await change(ACKNOWLEDGE)
    delivery.wake()
    await untilStored({ waiting: 1 })
    harness.clock.advance(MINUTE_MS + 1)
    await untilStored({ delivered: 2 })
    expect(said()).toEqual(['alert', 'acknowledged', 'acknowledged'])
    expect(keys()[2]).toBe(keys()[1])
    expect(bodies()[2]).toMatchObject({ repeated: true })
    expect(harness.findings).toEqual([])
  })

  it('goes to the destination under its new name, with the reference of the old one', async () => {
    receiver.script({ body: 'RECORD-1' })
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    const named = { type: 'speaking', options: { url: receiver.url }, updates: UPDATE_EVENTS }
    await delivery.reload(registry([destination('team', { ...named, previousNames: ['soc'] })]))
    await change(RESOLVE)
    delivery.wake()
    await untilStored({ delivered: 2 })
    expect(bodies()[1]).toMatchObject({
      says: 'resolved',
      firstKey: keys()[0],
      remoteReference: '{"record":"RECORD-1","token":""}',
    })
  })

  it('[DEL-12.5] is dead after a day, although alerts are retried for three', async () => {
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    receiver.always({ status: 500 })
    await change(ACKNOWLEDGE)
    delivery.wake()
    await untilStored({ waiting: 1 })
    harness.clock.advance(DAY_MS)
    await untilStored({ dead: 1 })
  })

  it('that its destination does not want any more is withdrawn', async () => {
    const delivery = open([soc({ enabled: false })])
    await delivery.start()
    await harness.send('alert-1', [soc()])
    await change(ACKNOWLEDGE)
    await delivery.reload(registry([soc({ updates: ['resolved'] })]))
    await untilStored({ delivered: 1, withdrawn: 1 })
    expect(said()).toEqual(['alert'])
    const [update] = await harness.store.deliveries({ kind: 'update', limit: 1 })
    expect(update?.message).toBe('soc has no updates about acknowledged')
  })

  it('[DEL-12.3] about repeated events is withdrawn if the alert is resolved before its hour', async () => {
    const delivery = open([soc({ updates: ['repeated', 'escalated'] })])
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    await repeat()
    await change(RESOLVE)
    harness.clock.advance(HOUR_MS)
    await untilStored({ withdrawn: 1 })
    expect(said()).toEqual(['alert'])
    const [update] = await harness.store.deliveries({ kind: 'update', limit: 1 })
    expect(update?.message).toBe('the alert is resolved: fixed, by ann')
  })

  it('[DEL-12.3] about repeated events is sent once an hour, with the number of events at that time', async () => {
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    for (let i = 0; i < 3; i++) await repeat()
    harness.clock.advance(HOUR_MS)
    await untilStored({ delivered: 2 })
    expect(bodies()[1]).toMatchObject({ says: 'repeated', eventCount: 4 })
  })

  it('names the highest severity after an escalation', async () => {
    const delivery = open()
    await harness.send('alert-1', [soc()])
    await delivery.start()
    await untilStored({ delivered: 1 })
    const divergence = { at: harness.clock.now(), rowId: 'r2', severity: 'CRITICAL' as const }
    await harness.store.commit(plan({ divergences: [{ alertId: 'alert-1', divergence }] }), expecting())
    delivery.wake()
    await untilStored({ delivered: 2 })
    expect(bodies()[1]).toMatchObject({ says: 'escalated', severity: 'CRITICAL' })
  })
})

describe('the reference of a delivery', () => {
  const referenceOf = async () =>
    (await harness.store.deliveries({ kind: 'single', limit: 1 }))[0]?.remoteReference

  it('[DEL-12.7] contains no secret', async () => {
    harness.environment.TOKEN = 'hunter2hunter2'
    const secretive = soc({ options: { url: receiver.url, token: envReference('TOKEN') } })
    await harness.send('alert-1', [secretive])
    await open([secretive]).start()
    await untilStored({ delivered: 1 })
    expect(await referenceOf()).toBe('{"record":"ok","token":"<secret>"}')
  })

  it('of more than 2 KiB is not kept', async () => {
    receiver.always({ body: 'x'.repeat(2_048) })
    await harness.send('alert-1', [soc()])
    await open().start()
    await untilStored({ delivered: 1 })
    expect(await referenceOf()).toBeNull()
  })
})

describe('an alert that is resolved before it was sent', () => {
  const pager = () =>
    destination('pager', {
      type: 'pagerduty',
      options: { integrationKey: 'K'.repeat(32), apiUrl: receiver.url },
      updates: ['acknowledged', 'resolved', 'reopened'],
    })
  const accept = () =>
    receiver.always({ status: 202, body: '{"status":"success","message":"ok","dedup_key":"k"}' })
  const actions = () => bodies().map(({ event_action }) => event_action)

  it('[DEL-12.8] calls no one', async () => {
    accept()
    await harness.send('alert-1', [pager()])
    await change(RESOLVE)
    await harness.open(registry([pager()])).start()
    await untilStored({ withdrawn: 1 })
    expect(receiver.requests).toEqual([])
    const [page] = await harness.store.deliveries({ limit: 1 })
    expect(page?.message).toBe('resolved: fixed, by ann, before it was sent')
  })

  it('calls after all when it is reopened', async () => {
    accept()
    await harness.send('alert-1', [pager()])
    await change(RESOLVE)
    const delivery = harness.open(registry([pager()]))
    await delivery.start()
    await untilStored({ withdrawn: 1 })
    await change({ verb: 'reopen', note: '' })
    delivery.wake()
    await untilStored({ delivered: 2 })
    expect(actions()).toEqual(['trigger', 'trigger'])
  })

  it('is sent and resolved if it may have been sent before', async () => {
    accept()
    receiver.script({ status: 500 })
    await harness.send('alert-1', [pager()])
    const delivery = harness.open(registry([pager()]))
    await delivery.start()
    await untilStored({ waiting: 1 })
    await change(RESOLVE)
    harness.clock.advance(MINUTE_MS)
    await untilStored({ delivered: 2 })
    expect(actions()).toEqual(['trigger', 'trigger', 'resolve'])
    expect(new Set(bodies().map(({ dedup_key }) => dedup_key)).size).toBe(1)
  })

  it('is sent all the same if it was created resolved', async () => {
    accept()
    await harness.send('alert-1', [pager()], { severity: 'INFO' })
    await harness.open(registry([pager()])).start()
    await untilStored({ delivered: 1 })
    expect(actions()).toEqual(['trigger'])
  })
})
