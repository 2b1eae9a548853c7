/** Digests that are sent, and handed over when they cannot be. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliveryId, hashId, notificationJson } from '../../src/model/alerts/alert.ts'
import type { Severity } from '../../src/model/alerts/severity.ts'
import type { Destination } from '../../src/model/project/destination.ts'
import { NO_HANDLING } from '../../src/model/project/destination-handling.ts'
import type { NewDelivery } from '../../src/store/store.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { startReceiver } from '../support/receiver.ts'
import { alert, draft, expecting, plan, T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

const MINUTE_MS = 60_000
const handling = {
  ...NO_HANDLING,
  digest: { everyMs: MINUTE_MS, by: [], below: null, after: 0, max: 2 },
}

let harness: DeliveryHarness
beforeEach(async () => {
  harness = await openDeliveryHarness()
})
afterEach(() => harness.close())

async function gather(to: Destination, severities: readonly Severity[]) {
  const alerts = severities.map((value, i) => {
    const id = `a${i}`
    const row = draft({ severity: { value, source: 'static' }, title: `title ${i}` })
    const link = `https://alerts.example/${id}`
    return alert(id, {
      groupKey: id,
      severity: value,
      title: row.title,
      notification: notificationJson(row, id, T0, link),
    })
  })
  const deliveries = alerts.map(({ id }): NewDelivery => {
    const now = harness.clock.now()
    const gather = {
      key: to.name,
      id: hashId('digest', to.name, id),
      windowMs: MINUTE_MS,
      after: 0,
      due: now + MINUTE_MS,
    }
    const common = { alertId: id, destinationKey: to.name, destination: to.name, reason: 'static-severity' }
    return { ...common, id: deliveryId(id, to.name), due: now, createdAt: now, gather }
  })
  await harness.store.commit(plan({ alerts, deliveries }), expecting())
}

/** Sends what is due at the end of the window, and waits until every delivery has arrived or is dead. */
async function send(...destinations: Destination[]) {
  const fallback = destinations.slice(1).map(({ name }) => name)
  const delivery = harness.open(registry(destinations, { fallback }))
  await delivery.start()
  harness.clock.advance(MINUTE_MS)
  delivery.wake()
  await until(async () => {
    const rows = await harness.store.deliveries({ limit: 99 })
    return rows.every(({ state }) => state === 'delivered' || state === 'dead')
  })
}

const printed = () => harness.printed.map((line) => JSON.parse(line) as { notification: Digest })
interface Digest {
  readonly digest: { readonly title: string; readonly alerts: number; readonly shown: number }
  readonly alerts: readonly { readonly alertId: string }[]
  readonly title: string
}

describe('a digest', () => {
  it('is one message of JSON with the severest alerts, and counts all', async () => {
    const soc = destination('soc', { type: 'console', options: {}, handling })
    await gather(soc, ['LOW', 'HIGH', 'LOW'])
    await send(soc)
    expect(printed()).toMatchObject([
      {
        notification: {
          digest: { title: '3 alerts of Test.Rule (1 HIGH, 2 LOW)', alerts: 3, shown: 2 },
          alerts: [{ alertId: 'a1' }, { alertId: 'a0' }],
        },
      },
    ])
    const [delivered] = await harness.store.deliveries({ limit: 5 })
    expect(delivered).toMatchObject({ kind: 'digest', state: 'delivered' })
  })

  it('of one alert is that alert', async () => {
    const soc = destination('soc', { type: 'console', options: {}, handling })
    await gather(soc, ['LOW'])
    await send(soc)
    expect(printed()).toMatchObject([{ notification: { alertId: 'a0' } }])
    expect(printed()[0]!.notification.digest).toBeUndefined()
  })

  it('is a list with titles and links at a type without a form of its own', async () => {
    const soc = destination('soc', { type: 'console', options: { format: 'text' }, handling })
    await gather(soc, ['LOW', 'HIGH', 'LOW'])
    await send(soc)
    expect(harness.printed).toHaveLength(1)
    expect(harness.printed[0]).toContain('3 alerts of Test.Rule (1 HIGH, 2 LOW)')
  })

  it('that is dead goes to the fallback once, as a digest', async () => {
    const receiver = await startReceiver()
    receiver.script({ status: 400 })
    const soc = destination('soc', { options: { url: receiver.url }, handling })
    const inbox = destination('inbox', { type: 'console', options: {} })
    await gather(soc, ['LOW', 'HIGH'])
    await send(soc, inbox)
    await receiver.until(1)
    await receiver.close()
    expect(printed()).toMatchObject([{ notification: { digest: { alerts: 2 } } }])
    const rows = await harness.store.deliveries({ destination: 'inbox', limit: 9 })
    expect(rows.map(({ kind, state }) => [kind, state])).toEqual([['digest', 'delivered']])
  })
})
