/** Daemons with the newest project share the correlation rules of their store; a daemon alone has all of them. */
import { afterEach, expect, it } from 'vitest'
import { createRuleLeases, type RuleLeases } from '../../../src/daemon/schedules/rule-leases.ts'
import { systemClock } from '../../../src/model/ports.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { manualClock } from '../../support/clock.ts'
import { describeWithPostgres } from '../../support/postgres.ts'
import { commitCursor, expecting, plan } from '../../support/store-rows.ts'
import { until } from '../../support/until.ts'

const SOURCES = ['correlation:a', 'correlation:b', 'correlation:c']
const log = { debug() {}, info() {}, warn() {}, error() {} }

const held = (leases: RuleLeases) => SOURCES.filter((source) => leases.holds(source))

it('the only daemon of a store evaluates every rule', async () => {
  const clock = manualClock()
  const store = await openStore('memory:', { clock, projectRoot: '.' })
  const leases = createRuleLeases({ store, clock, log, member: 'alone' })
  await leases.start(SOURCES, () => {})
  expect(held(leases)).toEqual(SOURCES)
  await store.close()
})

describeWithPostgres('the rules of a shared store', (server) => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
  const daemon = async (url: string, name: string, generation: string) => {
    const store = await openStore(url, { clock: systemClock, projectRoot: '.' })
    ends.push(() => store.close())
    await store.join({ name, hostId: name })
    await store.reconcile({ knownKeys: [], renames: [], generation })
    const leases = createRuleLeases({ store, clock: systemClock, log, member: name })
    const claimed: string[] = []
    await leases.start(SOURCES, (source) => claimed.push(source))
    const stop = () => leases.stop(async () => {})
    ends.push(stop)
    return { store, leases, claimed, stop }
  }
  const moves = async (store: Store, leases: RuleLeases, source: string) => {
    const taken = await leases.take(source)
    return store.commit(plan({ cursors: [{ source, cursor: '1' }] }), expecting({}, {}, [taken]))
  }

  it('are each held by one daemon, in equal shares', async () => {
    const url = server().url()
    const a = await daemon(url, 'a', 'g')
    expect(held(a.leases)).toEqual(SOURCES)
    const b = await daemon(url, 'b', 'g')
    await until(() => held(a.leases).length === 2 && held(b.leases).length === 1)
    expect([...held(a.leases), ...held(b.leases)].sort()).toEqual(SOURCES)
    expect(b.claimed).toEqual(held(b.leases))
    // A pass takes the cursor, and the lease goes on under the new owner.
    const [own] = held(a.leases)
    expect(await moves(a.store, a.leases, own!)).toBe('ok')
    await b.stop()
    await b.store.close()
    await until(() => held(a.leases).length === 3)
  })

  it('are all evaluated by the others as soon as a daemon evaluates none any more, although it still delivers', async () => {
    const url = server().url()
    const a = await daemon(url, 'a', 'g')
    const b = await daemon(url, 'b', 'g')
    await until(() => held(a.leases).length === 2 && held(b.leases).length === 1)
    await b.stop()
    await until(() => held(a.leases).length === 3)
    expect((await a.store.members()).map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('go to the newest project, and back when its daemons have ended', async () => {
    const url = server().url()
    const old = await daemon(url, 'old', 'first')
    const next = await daemon(url, 'next', 'second')
    await until(() => held(next.leases).length === 3)
    expect(held(old.leases)).toEqual([])
    await next.stop()
    await next.store.close()
    await until(() => held(old.leases).length === 3)
  })

  it('are not held any more when another daemon has taken the cursor', async () => {
    const url = server().url()
    const a = await daemon(url, 'a', 'g')
    await commitCursor(a.store, SOURCES[0]!, '7')
    await until(() => !a.leases.holds(SOURCES[0]!))
  })
})
