import { expect, it } from 'vitest'
import { buildMessage, markTitle } from '../../src/delivery/delivery-message.ts'
import { RESEND_TITLE_PREFIX, resend } from '../../src/delivery/resend.ts'
import { deliveryId, notificationJson } from '../../src/model/alerts/alert.ts'
import { openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { startReceiver } from '../support/receiver.ts'
import { draft, expecting, plan, T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'

it('a resent alert is unchanged, digits included, except for the prefix of its title', () => {
  const tricky = draft({ name: ',"title":"' })
  const frozen = notificationJson(tricky, 'a1', T0, 'https://example.com/,"title":"')
  const marked = JSON.parse(markTitle(frozen, RESEND_TITLE_PREFIX)) as Record<string, unknown>
  const original = JSON.parse(frozen) as Record<string, unknown>
  expect(marked).toEqual({ ...original, title: `[Re-sent]: ${String(original.title)}` })
  expect(markTitle(frozen, RESEND_TITLE_PREFIX)).toContain('53.0')
})

it('a destination type gets the title with the prefix', () => {
  const occasion = {
    destination: 'soc',
    deliveryId: 'd',
    at: T0,
    repeated: false,
    titlePrefix: RESEND_TITLE_PREFIX,
  }
  const message = buildMessage(
    { notification: notificationJson(draft(), 'a1', T0, ''), reference: '' },
    occasion,
  )
  expect([message.title, message.notification.title].map((title) => title.slice(0, 11))).toEqual([
    '[Re-sent]: ',
    '[Re-sent]: ',
  ])
})

it('a delivered alert is sent again under another key', async () => {
  const [harness, receiver] = [await openDeliveryHarness(), await startReceiver()]
  const soc = destination('soc', { options: { url: receiver.url } })
  const loop = harness.open(registry([soc]))
  await harness.send('a1', [soc])
  await loop.start()
  await receiver.until(1)
  harness.clock.advance(1_000)
  await harness.store.commit(plan({ deliveries: resend('a1', [soc], harness.clock.now()) }), expecting())
  loop.wake()
  await receiver.until(2)
  await until(async () => (await harness.store.countDeliveries()).delivered === 2)
  const [first, second] = receiver.requests.map(({ headers, body }) => [
    headers['idempotency-key'],
    (JSON.parse(body) as { title: string }).title.startsWith('[Re-sent]: '),
  ])
  expect(first).toEqual([deliveryId('a1', 'soc'), false])
  expect(second![0]).not.toBe(first![0])
  expect(second![1]).toBe(true)
  await harness.close()
  await receiver.close()
})
