/** Daemons of one host that follow the same file have its cursor one after the other. */
import { afterEach, expect, it } from 'vitest'
import { createCursorHolder } from '../../../src/daemon/members/cursor-holder.ts'
import { nullLog, systemClock } from '../../../src/model/ports.ts'
import { openStore } from '../../../src/store/open.ts'
import { describeWithPostgres } from '../../support/postgres.ts'
import { expecting, plan } from '../../support/store-rows.ts'
import { until } from '../../support/until.ts'

const SOURCE = 'file:h:/var/log/trail'

it('the only daemon of a store takes the cursor at once, also from an earlier run', async () => {
  const store = await openStore('memory:', { clock: systemClock, projectRoot: '.' })
  const { signal } = new AbortController()
  const ports = { store, clock: systemClock, log: nullLog, member: 'm', signal }
  const holder = createCursorHolder(SOURCE, ports)
  await holder.take(() => {})
  expect(await holder.take(() => {})).toMatchObject({ source: SOURCE, version: 2 })
  await holder.release()
  await store.close()
})

describeWithPostgres('the cursor of a file in a shared store', (server) => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
  const daemon = async (url: string) => {
    const store = await openStore(url, { clock: systemClock, projectRoot: '.' })
    ends.push(() => store.close())
    const stopping = new AbortController()
    const ports = { store, clock: systemClock, log: nullLog, member: 'm', signal: stopping.signal }
    const holder = createCursorHolder(SOURCE, ports)
    ends.push(() => holder.release())
    return { store, holder, stopping }
  }

  it('is taken when the other daemon lets it go, and read on from where it was', async () => {
    const url = server().url()
    const first = await daemon(url)
    const second = await daemon(url)
    const held = await first.holder.take(() => {})
    let waits = 0
    const taking = second.holder.take(() => waits++)
    await until(() => waits > 0)
    const moving = plan({ cursors: [{ source: SOURCE, cursor: '7' }] })
    expect(await first.store.commit(moving, expecting({}, {}, [held!]))).toBe('ok')
    await first.holder.release()
    expect(await taking).toMatchObject({ cursor: '7' })
  })

  it('is taken from a daemon that does not extend its lease, whose commits are then fenced', async () => {
    const url = server().url()
    const stopped = await daemon(url)
    const other = await daemon(url)
    const [held] = await stopped.store.claimPartitions({
      sources: [SOURCE],
      limit: 1,
      leaseMs: 1,
      member: 'stopped',
    })
    const taken = await other.holder.take(() => {})
    const moving = plan({ cursors: [{ source: SOURCE, cursor: '7' }] })
    expect(await stopped.store.commit(moving, expecting({}, {}, [held!]))).toBe('fenced')
    expect(await other.store.commit(moving, expecting({}, {}, [taken!]))).toBe('ok')
  })

  it('is waited for no longer when the daemon ends', async () => {
    const url = server().url()
    const first = await daemon(url)
    const second = await daemon(url)
    await first.holder.take(() => {})
    let waits = 0
    const taking = second.holder.take(() => waits++)
    await until(() => waits > 0)
    second.stopping.abort()
    expect(await taking).toBeNull()
  })
})
