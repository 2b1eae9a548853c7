import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Destination, destinationKey } from '../../src/model/project/destination.ts'
import { DELIVERY_STATES, type Store } from '../../src/store/store.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { envReference } from '../support/secrets.ts'
import { until } from '../support/until.ts'

let harness: DeliveryHarness
let receivers: Receiver[]

beforeEach(async () => {
  harness = await openDeliveryHarness()
  receivers = []
})
afterEach(async () => {
  await harness.close()
  // This check is here and not in the tests, so that an unexpected request fails its own test.
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

async function target(name: string, over: Partial<Destination> = {}): Promise<[Destination, Receiver]> {
  const receiver = await startReceiver()
  receivers.push(receiver)
  return [destination(name, { options: { url: `${receiver.url}/alerts` }, ...over }), receiver]
}

const only = async () => (await harness.store.deliveries({ limit: 100 }))[0]!
const inState = (state: string, name?: string) =>
  until(async () =>
    (await harness.store.deliveries({ destination: name, limit: 100 })).every((row) => row.state === state),
  )
const NONE = Object.fromEntries([...DELIVERY_STATES, 'scheduled'].map((state) => [state, 0]))
const counts = () => harness.store.countDeliveries()
const keysOf = (receiver: Receiver) => receiver.requests.map(({ headers }) => headers['idempotency-key'])

describe('delivery', () => {
  it('[DEL-1.1] each destination gets an alert exactly once, whatever another destination answers', async () => {
    const [[a, ra], [b, rb], [c, rc]] = [await target('a'), await target('b'), await target('c')]
    rb.script({ status: 500 }, { status: 500 })
    const loop = harness.open(registry([a, b, c]))
    await loop.start()
    await harness.send('alert-1', [a, b, c])
    loop.wake()
    await rb.until(1)
    await inState('waiting', 'b')
    harness.clock.advance(500)
    await rb.until(2)
    await until(
      async () => (await harness.store.deliveries({ destination: 'b', limit: 1 }))[0]!.attempts === 2,
    )
    harness.clock.advance(1_000)
    await rb.until(3)
    await inState('delivered')
    ra.expect(1)
    rc.expect(1)
    expect([ra.requests.length, rb.requests.length, rc.requests.length]).toEqual([1, 3, 1])
    expect(new Set(keysOf(rb)).size).toBe(1)
  })

  it.each([
    ['seconds', '120'],
    ['a date', 'Thu, 01 Jan 2026 00:02:00 GMT'],
  ])('[DEL-3.2] Retry-After in %s delays the delivery and does not count as an attempt', async (_, value) => {
    const [a, receiver] = await target('a')
    receiver.script({ status: 429, headers: { 'retry-after': value } })
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await loop.start()
    await receiver.until(1)
    await inState('waiting')
    expect(await only()).toMatchObject({ attempts: 0, due: harness.clock.now() + 120_000, message: '429' })
    harness.clock.advance(120_000)
    await receiver.until(2)
    await inState('delivered')
  })

  it('[DEL-5.3] a refused delivery is dead, and its alert goes to the fallback once', async () => {
    const [[a, ra], [inbox, rInbox]] = [await target('a'), await target('inbox')]
    ra.script({ status: 422, body: 'no such field' })
    const loop = harness.open(registry([a, inbox], { fallback: ['inbox'] }))
    await harness.send('alert-1', [a])
    await loop.start()
    await ra.until(1)
    await rInbox.until(1)
    await inState('delivered', 'inbox')
    const [handedOver] = await harness.store.deliveries({ destination: 'inbox', limit: 1 })
    expect(handedOver).toMatchObject({ reason: 'fallback: a is dead: 422: no such field' })
    expect(harness.findings.map(({ code, dedup }) => [code, dedup])).toEqual([['DeliveryDead', 'a']])
  })

  it('[DEL-5.4] a dead delivery to a fallback goes to no further fallback', async () => {
    const [[a, ra], [b, rb]] = [await target('a'), await target('b')]
    ra.always({ status: 400 })
    rb.always({ status: 400 })
    const loop = harness.open(registry([a, b], { fallback: ['a', 'b'] }))
    await harness.send('alert-1', [a])
    await loop.start()
    await ra.until(1)
    await rb.until(1)
    await inState('dead')
    expect(await harness.store.deliveries({ limit: 10 })).toHaveLength(2)
  })

  it('[DEL-5.5] the death of a system alert raises no other system alert', async () => {
    const [a, receiver] = await target('a')
    receiver.script({ status: 400 })
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a], { kind: 'SYSTEM_ERROR' })
    await loop.start()
    await receiver.until(1)
    await inState('dead')
    await loop.drain(1_000)
    expect((await counts()).dead).toBe(1)
    expect(harness.findings).toEqual([])
  })

  it('[DEL-5.2] a delivery is dead at maxAge, after a last attempt', async () => {
    const [a, receiver] = await target('a', { retry: { maxAgeMs: 2_000, maxAttempts: 0 } })
    receiver.always({ status: 503 })
    const loop = harness.open(registry([a]), { random: () => 0.9999 })
    await harness.send('alert-1', [a])
    await loop.start()
    await receiver.until(1)
    await inState('waiting')
    harness.clock.advance(1_000)
    await receiver.until(2)
    await until(async () => (await only()).attempts === 2)
    harness.clock.advance(1_000)
    await receiver.until(3)
    await inState('dead')
    expect(await only()).toMatchObject({ message: 'not delivered in 2 s: 503' })
  })

  it('[DEL-5.2] a delivery is dead after maxAttempts', async () => {
    const [a, receiver] = await target('a', { retry: { maxAgeMs: 86_400_000, maxAttempts: 1 } })
    receiver.script({ status: 500 })
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await loop.start()
    await receiver.until(1)
    await inState('dead')
    expect(await only()).toMatchObject({ message: 'not delivered in 1 attempts: 500', attempts: 1 })
  })

  it('[DEL-3.15] a destination that hangs does not delay another', async () => {
    const [[hung, rHung], [b, rb]] = [await target('hung'), await target('b')]
    rHung.always({ fault: 'silent' })
    rHung.expect(8)
    const loop = harness.open(registry([hung, b]))
    for (let n = 0; n < 20; n++) await harness.send(`alert-${n}`, [hung, b])
    await loop.start()
    await rb.until(20)
    await inState('delivered', 'b')
    expect(rHung.requests.length).toBeLessThanOrEqual(8)
  })

  it('a destination behind many others, idle or with one delivery each, keeps its concurrency', async () => {
    const [busy, receiver] = await target('busy', { concurrency: 8 })
    receiver.always({ fault: 'silent' })
    receiver.expect(8)
    const others = Array.from({ length: 40 }, (_, n) =>
      destination(`other-${n}`, { options: { url: 'http://127.0.0.1:1/' } }),
    )
    const loop = harness.open(registry([...others, busy]))
    await harness.send('alert-0', [...others.slice(20), busy])
    for (let n = 1; n < 8; n++) await harness.send(`alert-${n}`, [busy])
    await loop.start()
    await receiver.until(8)
  })

  it('[DEL-3.15] hundreds of dead destinations do not delay another', async () => {
    const [sound, receiver] = await target('sound')
    const dead = Array.from({ length: 300 }, (_, n) =>
      destination(`dead-${n}`, { options: { url: 'http://127.0.0.1:1/' } }),
    )
    const arrived = receiver.until(1)
    // The store commits the claims of the working destination, and nothing of the others before the alert has
    // arrived.
    const slow: Store = {
      ...harness.store,
      claim: async (request) => {
        if (!request.destinationKeys.includes(destinationKey(sound))) await arrived
        return harness.store.claim(request)
      },
    }
    const loop = harness.open(registry([...dead, sound]), { store: slow })
    await harness.send('alert-1', [...dead, sound])
    await loop.start()
    await arrived
    await inState('delivered', 'sound')
  })

  it('[DEL-3.5] an attempt ends at its deadline', async () => {
    const [a, receiver] = await target('a')
    receiver.script({ fault: 'silent' })
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await loop.start()
    await receiver.until(1)
    harness.clock.advance(30_000)
    await inState('waiting')
    expect(await only()).toMatchObject({ attempts: 1, message: 'no answer within 30000 ms' })
  })

  it('[DEL-1.5] a sender that lost its lease changes nothing', async () => {
    const [a, receiver] = await target('a')
    receiver.script({ fault: 'silent' })
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await loop.start()
    await receiver.until(1)
    harness.clock.advance(60_000)
    const [other] = await harness.store.claim({ destinationKeys: ['a'], limit: 1, leaseMs: 600_000 })
    await until(() => harness.logged.some((line) => line.includes('the lease was lost')))
    expect(await only()).toMatchObject({ state: 'sending', attempts: 0 })
    const settled = await harness.store.recordOutcome(other!.delivery.id, other!.leaseToken, {
      state: 'delivered',
      attempt: { at: 0, status: 200, ms: 1, outcome: 'delivered', message: 'by the other' },
    })
    expect(settled).toBe(true)
  })

  it.each(['recordOutcome', 'changeDestinationState'] as const)(
    '[DEL-1.4] a delivery whose outcome could not be written for a while is not sent again: %s',
    async (verb) => {
      const [a, receiver] = await target('a')
      let failures = 0
      const failing = async <T>(write: () => Promise<T>): Promise<T> => {
        if (receiver.requests.length > 0 && failures++ < 3) throw new Error('disk full')
        return write()
      }
      const { store: real } = harness
      const broken: Pick<Store, 'recordOutcome' | 'changeDestinationState'> = {
        recordOutcome: (...given) => failing(() => real.recordOutcome(...given)),
        changeDestinationState: (...given) => failing(() => real.changeDestinationState(...given)),
      }
      const loop = harness.open(registry([a]), { store: { ...real, [verb]: broken[verb] } })
      await harness.send('alert-1', [a])
      await loop.start()
      await receiver.until(1)
      for (let n = 1; n <= 3; n++) {
        await until(() => failures === n)
        await until(
          () => harness.logged.filter((line) => line.includes('failed to record the outcome')).length === n,
        )
        harness.clock.advance(1_000)
      }
      await inState('delivered')
      expect(receiver.requests).toHaveLength(1)
    },
  )

  it('a delivery that succeeds writes no state of its destination', async () => {
    const [a, receiver] = await target('a')
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await loop.start()
    await receiver.until(1)
    await inState('delivered')
    expect(await harness.store.destinationState('a')).toMatchObject({ version: 0 })
  })

  it('[DEL-1.2] a delivery is sent again under the same key after a crash between the send and its record', async () => {
    const [a, receiver] = await target('a')
    const crashing = { ...harness.store, recordOutcome: () => Promise.reject(new Error('killed')) }
    const first = harness.open(registry([a]), { store: crashing })
    await harness.send('alert-1', [a])
    await first.start()
    await receiver.until(1)
    await first.stop()
    expect(await only()).toMatchObject({ state: 'sending' })
    const second = harness.open(registry([a]))
    await second.start()
    harness.clock.advance(60_000)
    await receiver.until(2)
    await inState('delivered')
    expect(new Set(keysOf(receiver)).size).toBe(1)
  })

  it('[DEL-1.8] a delivery that a stop interrupts stays due and spends no attempt', async () => {
    const [a, receiver] = await target('a')
    receiver.script({ fault: 'silent' })
    const first = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await first.start()
    await receiver.until(1)
    await first.stop()
    expect(await only()).toMatchObject({ state: 'waiting', attempts: 0, due: harness.clock.now() })
    await harness.open(registry([a])).start()
    await receiver.until(2)
    await inState('delivered')
    expect(new Set(keysOf(receiver)).size).toBe(1)
  })

  it('[DEL-10.1] secrets are read at every attempt', async () => {
    const [{ options, ...rest }, receiver] = await target('a')
    const a = { ...rest, options: { ...options, headers: { 'x-key': envReference('KEY') } } }
    receiver.script({ status: 500, body: 'who is first-secret?' })
    harness.environment.KEY = 'first-secret'
    const loop = harness.open(registry([a]))
    await harness.send('alert-1', [a])
    await loop.start()
    await receiver.until(1)
    await inState('waiting')
    expect((await only()).message).toBe('500: who is <secret>?')
    harness.environment.KEY = 'second-secret'
    harness.clock.advance(1_000)
    await receiver.until(2)
    await inState('delivered')
    expect(receiver.requests.map(({ headers }) => headers['x-key'])).toEqual([
      'first-secret',
      'second-secret',
    ])
    expect(harness.logged.join()).not.toMatch(/first-secret|second-secret/)
  })

  it('[DEL-3.7] an unexpected error of a type is retried, logged and redacted', async () => {
    const [a] = await target('a', { options: { url: 'https://example.com/top-secret-path' } })
    const broken = {
      type: 'webhook',
      summary: '',
      options: {
        type: 'object',
        properties: { url: { type: 'string', secret: true } },
        additionalProperties: false,
      } as const,
      answers: { provider: 'it', success: [{}], rules: [] },
      request: () => {
        throw new TypeError('cannot read https://example.com/top-secret-path')
      },
    }
    const loop = harness.open(registry([a]), { types: async () => broken })
    await harness.send('alert-1', [a])
    await loop.start()
    await inState('waiting')
    expect(await only()).toMatchObject({ attempts: 1, message: 'internal error: cannot read <secret>' })
    const line = harness.logged.find((each) => each.includes('fails in a way') || each.includes('stack'))
    expect(line).toContain('TypeError: cannot read <secret>')
    expect(harness.logged.join()).not.toContain('top-secret')
  })

  it('[DEL-3.16] a rate limit is kept and spends no attempts', async () => {
    const [a, receiver] = await target('a', { rateLimit: { perMinute: 60, burst: 2 } })
    const loop = harness.open(registry([a]))
    for (const id of ['one', 'two', 'three', 'four']) await harness.send(id, [a])
    await loop.start()
    await receiver.until(2)
    await until(async () => (await harness.store.countDeliveries()).delivered === 2)
    receiver.expect(3)
    harness.clock.advance(1_000)
    await receiver.until(3)
    await until(async () => (await harness.store.countDeliveries()).delivered === 3)
    expect(receiver.requests).toHaveLength(3)
    harness.clock.advance(1_000)
    await receiver.until(4)
    await inState('delivered')
  })
})

describe('drain', () => {
  it('[DEL-6.1] a drain sends what is due and what becomes due in time', async () => {
    const [a, receiver] = await target('a')
    receiver.script({ status: 500 })
    const loop = harness.open(registry([a]))
    await loop.start()
    await harness.send('alert-1', [a])
    const drained = loop.drain(30_000)
    await receiver.until(1)
    await inState('waiting')
    harness.clock.advance(500)
    await receiver.until(2)
    await drained
    expect(await counts()).toEqual({ ...NONE, delivered: 1 })
  })

  it('[DEL-6.2] a drain does not wait for what becomes due too late', async () => {
    const [a, receiver] = await target('a')
    receiver.script({ status: 429, headers: { 'retry-after': '60' } })
    const loop = harness.open(registry([a]))
    await loop.start()
    await harness.send('alert-1', [a])
    const drained = loop.drain(30_000)
    await receiver.until(1)
    await drained
    expect(await counts()).toEqual({ ...NONE, waiting: 1 })
  })

  it('[DEL-6.2] a drain ends at its time although a send is under way', async () => {
    const [a, receiver] = await target('a')
    receiver.script({ fault: 'silent' })
    const loop = harness.open(registry([a]))
    await loop.start()
    await harness.send('alert-1', [a])
    const drained = loop.drain(10_000)
    await receiver.until(1)
    harness.clock.advance(10_000)
    await drained
    expect(await counts()).toEqual({ ...NONE, sending: 1 })
  })
})

describe('a registry that changed', () => {
  it('[DEL-5.6] a delivery whose destination was removed is orphaned, and its alert goes to the fallback once', async () => {
    const [[inbox, receiver], [other, rOther]] = [await target('inbox'), await target('other')]
    const gone = destination('gone')
    await harness.send('alert-1', [gone])
    const first = harness.open(registry([inbox], { fallback: ['inbox'] }))
    await first.start()
    await receiver.until(1)
    await inState('delivered', 'inbox')
    await first.reload(registry([inbox, other], { fallback: ['inbox', 'other'] }))
    await first.drain(1_000)
    expect(await counts()).toEqual({ ...NONE, delivered: 1, orphaned: 1 })
    expect(rOther.requests).toEqual([])
    const [handedOver] = await harness.store.deliveries({ destination: 'inbox', limit: 1 })
    expect(handedOver?.reason).toBe('fallback: gone is no longer declared')
  })

  it('[DEL-5.6] the alerts of all orphans go to the fallback, however many there are', async () => {
    const inbox = destination('inbox', { type: 'console', options: {} })
    const [gone, many] = [destination('gone'), 1_100]
    for (let n = 0; n < many; n++) await harness.send(`alert-${n}`, [gone])
    await harness.send('both', [gone, inbox])
    const loop = harness.open(registry([inbox], { fallback: ['inbox'] }))
    await loop.start()
    await loop.drain(1_000)
    expect(await counts()).toEqual({ ...NONE, delivered: many + 1, orphaned: many + 1 })
    await loop.reload(registry([inbox], { fallback: ['inbox'] }))
    await loop.drain(1_000)
    expect(await counts()).toEqual({ ...NONE, delivered: many + 1, orphaned: many + 1 })
  })

  it('[DEL-5.7] waiting deliveries follow a rename, also to an id', async () => {
    const [renamed, receiver] = await target('new-name', { id: 'uuid-1', previousNames: ['old-name'] })
    await harness.send('alert-1', [destination('old-name')])
    await harness.send('alert-2', [destination('new-name')])
    await harness.open(registry([renamed])).start()
    await receiver.until(2)
    await inState('delivered')
  })

  it('[DEL-3.8] nothing is sent to a disabled destination', async () => {
    const [a, receiver] = await target('a', { enabled: false })
    await harness.send('alert-1', [a])
    const loop = harness.open(registry([a]))
    await loop.start()
    await loop.drain(1_000)
    expect(await counts()).toEqual({ ...NONE, pending: 1 })
    await loop.reload(registry([{ ...a, enabled: true }]))
    await receiver.until(1)
    await inState('delivered')
  })

  it('[DEL-3.17] deliveries that another process made due are found', async () => {
    const [a, receiver] = await target('a')
    const loop = harness.open(registry([a]))
    await loop.start()
    await loop.drain(1)
    await harness.send('alert-1', [a])
    await until(() => {
      harness.clock.advance(1_000)
      return receiver.requests.length === 1
    })
    await receiver.until(1)
    await inState('delivered')
  })
})
