/** A daemon that was held up after a claim: it must not send what another one may have sent meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { testSecrets } from '../support/secrets.ts'

describe('a daemon that is held up between the claim and the request', () => {
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

  /** @param heldUpMs how long the first reading of the secrets takes, by the monotonic clock. */
  async function sendHeldUp(heldUpMs: number): Promise<string[]> {
    let now = 0
    let isFirst = true
    const secrets = testSecrets(harness.environment)
    const target = destination('hook', { options: { url: receiver.url } })
    await harness.send('alert-1', [target])
    const delivery = harness.open(registry([target]), {
      monotonic: () => now,
      secrets: {
        reveal: async (options) => {
          if (isFirst) now += heldUpMs
          isFirst = false
          return secrets.reveal(options)
        },
      },
    })
    await delivery.start()
    await receiver.until(1)
    await delivery.drain(1)
    const [row] = await harness.store.deliveries({ limit: 1 })
    expect(row).toMatchObject({ state: 'delivered', attempts: 1 })
    return (await harness.store.attempts(row!.id)).map(({ message }) => message)
  }

  it('sends nothing with less of the lease left than a request may take, and sends it after the next claim', async () => {
    const messages = await sendHeldUp(30_001)
    expect(messages).toEqual([
      expect.stringMatching(/^not sent: this daemon was held up/),
      expect.any(String),
    ])
    expect((await harness.store.destinationState('hook')).value.failures).toBe(0)
  })

  it('sends it if enough of the lease is left', async () => {
    expect(await sendHeldUp(29_999)).toHaveLength(1)
  })
})
