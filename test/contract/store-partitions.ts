/** The contract of stores for partitions: cursors that members hold under leases. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HeldCursor, Store } from '../../src/store/store.ts'
import type { ManualClock } from '../support/clock.ts'
import { commitCursor, expecting, plan } from '../support/store-rows.ts'
import type { OpenedStore } from './store.ts'

const LEASE_MS = 10_000
const NAMES = ['kafka:audit#0', 'kafka:audit#1', 'kafka:audit#2']

export function partitionContract(open: () => Promise<OpenedStore>): void {
  describe('partitions', () => {
    let store: Store
    let clock: ManualClock
    beforeEach(async () => {
      ;({ store, clock } = await open())
    })
    afterEach(() => store.close())

    const claim = (member: string, sources: readonly string[] = NAMES, limit = 10) =>
      store.claimPartitions({ sources, limit, leaseMs: LEASE_MS, member })
    const named = (claimed: readonly HeldCursor[]) => claimed.map(({ source }) => source)
    const commit = (held: HeldCursor, cursor: string) =>
      store.commit(plan({ cursors: [{ source: held.source, cursor }] }), expecting({}, {}, [held]))
    const extend = (held: HeldCursor, problem: string | null = null, lag: number | null = null) =>
      store.extendPartitions([{ ...held, problem, lag }], LEASE_MS)
    const register = (reader: string, ttlMs = LEASE_MS, source = 'kafka:audit') =>
      store.registerReader({ source, reader, ttlMs, partitions: NAMES })

    it('are claimed in the order of their names up to the limit, each by one member', async () => {
      expect(named(await claim('a', [NAMES[0]!, NAMES[0]!, NAMES[1]!, NAMES[2]!], 2))).toEqual([
        NAMES[0],
        NAMES[1],
      ])
      expect(named(await claim('b'))).toEqual([NAMES[2]])
      expect(await claim('a')).toEqual([])
      expect(await claim('a', [])).toEqual([])
      expect(await store.partitions()).toEqual(
        NAMES.map((source, i) => ({
          source,
          cursor: null,
          member: i < 2 ? 'a' : 'b',
          leaseUntil: clock.now() + LEASE_MS,
          problem: null,
          lag: null,
          caughtUpAt: null,
        })),
      )
    })

    it('concurrent claims never have the same partition', async () => {
      const claimed = await Promise.all(['a', 'b', 'c'].map((member) => claim(member, NAMES, 2)))
      expect(claimed.flatMap(named).sort()).toEqual(NAMES)
    })

    it('are read on from the committed cursor by the member that claims them after the lease', async () => {
      const [old] = await claim('a', [NAMES[0]!])
      expect(await commit(old!, '7')).toBe('ok')
      clock.advance(LEASE_MS - 1)
      expect(await claim('b', [NAMES[0]!])).toEqual([])
      clock.advance(1)
      const [current] = await claim('b', [NAMES[0]!])
      expect(current).toMatchObject({ source: NAMES[0], cursor: '7' })
      expect(await commit({ ...old!, version: old!.version + 1 }, '8')).toBe('fenced')
      expect(await extend(old!)).toEqual([false])
      await store.giveBackPartitions([old!])
      expect(await store.partitions()).toMatchObject([{ cursor: '7', member: 'b' }])
      expect(await commit(current!, '9')).toBe('ok')
    })

    it('an extension keeps the lease and the version, also after commits and after the end of the lease', async () => {
      const [held] = await claim('a', [NAMES[0]!])
      expect(await commit(held!, '1')).toBe('ok')
      clock.advance(LEASE_MS - 1)
      expect(await extend(held!)).toEqual([true])
      clock.advance(LEASE_MS - 1)
      expect(await claim('b', [NAMES[0]!])).toEqual([])
      clock.advance(1)
      expect(await extend(held!)).toEqual([true])
      expect(await claim('b', [NAMES[0]!])).toEqual([])
      expect(await commit({ ...held!, version: held!.version + 1 }, '2')).toBe('ok')
    })

    it('after the end of a lease its owner commits until another member has claimed the partition', async () => {
      const [held] = await claim('a', [NAMES[0]!])
      clock.advance(2 * LEASE_MS)
      expect(await commit(held!, '1')).toBe('ok')
    })

    it('given back, they are free, and nothing of their owner is committed any more', async () => {
      const [held] = await claim('a', [NAMES[0]!])
      expect(await commit(held!, '1')).toBe('ok')
      await store.giveBackPartitions([held!])
      expect(await store.partitions()).toEqual([
        {
          source: NAMES[0],
          cursor: '1',
          member: null,
          leaseUntil: null,
          problem: null,
          lag: null,
          caughtUpAt: null,
        },
      ])
      expect(await commit({ ...held!, version: held!.version + 1 }, '2')).toBe('fenced')
      expect(await extend(held!)).toEqual([false])
      expect(await claim('b', [NAMES[0]!])).toMatchObject([{ cursor: '1' }])
    })

    it('finished, they are not listed, and a later claim has their cursor', async () => {
      const [held] = await claim('a', [NAMES[0]!])
      await extend(held!, 'no permission')
      expect(await commit(held!, 'end')).toBe('ok')
      await store.finishPartitions([{ source: held!.source, owner: 'another' }])
      expect(await store.partitions()).toHaveLength(1)
      await store.finishPartitions([held!])
      expect(await store.partitions()).toEqual([])
      expect(await commit({ ...held!, version: held!.version + 1 }, 'later')).toBe('fenced')
      expect(await extend(held!)).toEqual([false])
      const [again] = await claim('b', [NAMES[0]!])
      expect(again).toMatchObject({ source: NAMES[0], cursor: 'end' })
      expect(await store.partitions()).toMatchObject([{ member: 'b', problem: null }])
      await store.finishPartitions([again!])
      expect(await store.partitions()).toEqual([])
    })

    it('the problem of a partition is kept with its row until it is replaced or claimed', async () => {
      const problems = async () => (await store.partitions()).map(({ problem }) => problem)
      const [held] = await claim('a', [NAMES[0]!])
      await extend(held!, 'no permission')
      expect(await problems()).toEqual(['no permission'])
      await extend(held!)
      expect(await problems()).toEqual([null])
      await extend(held!, 'no permission')
      await store.giveBackPartitions([held!])
      expect(await problems()).toEqual(['no permission'])
      await claim('b', [NAMES[0]!])
      expect(await problems()).toEqual([null])
    })

    it('the lag of a partition is that of its last extension', async () => {
      const [held] = await claim('a', [NAMES[0]!])
      await extend(held!, null, 12_345)
      expect(await store.partitions()).toMatchObject([{ lag: 12_345 }])
      await extend(held!, null, 0)
      expect(await store.partitions()).toMatchObject([{ lag: 0 }])
    })

    it('the time up to which a partition was read stays until a later one is known', async () => {
      const [held] = await claim('a', [NAMES[0]!])
      const reach = (caughtUpAgoMs: number | null) =>
        store.extendPartitions([{ ...held!, problem: null, lag: 3, caughtUpAgoMs }], LEASE_MS)
      const reached = async () => (await store.partitions()).map(({ caughtUpAt }) => caughtUpAt)
      await reach(null)
      expect(await reached()).toEqual([null])
      await reach(400)
      const first = clock.now() - 400
      expect(await reached()).toEqual([first])
      clock.advance(LEASE_MS)
      await reach(null)
      await claim('b', [NAMES[0]!])
      clock.advance(LEASE_MS)
      await claim('b', [NAMES[0]!])
      expect(await reached()).toEqual([first])
    })

    it('the readers of a source are counted until their registrations run out', async () => {
      expect(await register('a')).toEqual({ readers: 1, held: [] })
      clock.advance(LEASE_MS / 2)
      expect(await register('b')).toMatchObject({ readers: 2 })
      expect(await register('b')).toMatchObject({ readers: 2 })
      expect(await register('c', LEASE_MS, 'kafka:other')).toMatchObject({ readers: 1 })
      clock.advance(LEASE_MS / 2 - 1)
      expect(await register('b')).toMatchObject({ readers: 2 })
      clock.advance(1)
      expect(await register('b')).toMatchObject({ readers: 1 })
      expect(await register('b', 0)).toMatchObject({ readers: 0 })
    })

    it('a reader hears which partitions are held under a lease that runs', async () => {
      await claim('a', [NAMES[0]!, NAMES[2]!])
      expect((await register('b')).held.toSorted()).toEqual([NAMES[0], NAMES[2]])
      clock.advance(LEASE_MS)
      expect((await register('b')).held).toEqual([])
    })

    it('the cursors of other sources are no partitions', async () => {
      await commitCursor(store, 'file:a', '1')
      const held = await store.take('file:a')
      expect(await store.partitions()).toEqual([])
      await store.giveBackPartitions([held])
      expect(await commit(held, '2')).toBe('fenced')
    })
  })
}
