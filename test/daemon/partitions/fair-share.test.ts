import { describe, expect, it } from 'vitest'
import { FairShare, type ShareMove } from '../../../src/daemon/partitions/fair-share.ts'

const LEASE_MS = 10_000
const ROUND_MS = 500
const names = (count: number) =>
  Array.from({ length: count }, (_, n) => `nats:EVENTS#${String(n).padStart(4, '0')}`)

/** Daemons over one set of leases, as the store keeps them. Every round is half a second. */
class Cluster {
  now = 0
  readonly partitions: readonly string[]
  readonly owners = new Map<string, string>()
  readonly daemons = new Map<string, { readonly share: FairShare; isStuck: boolean }>()
  moves = 0

  constructor(count: number) {
    this.partitions = names(count)
  }

  start(name: string, isStuck = false): void {
    this.daemons.set(name, { share: new FairShare(LEASE_MS), isStuck })
  }

  /** Its leases have run out, and it is no reader any more. */
  kill(name: string): void {
    this.daemons.delete(name)
    for (const [partition, owner] of this.owners) if (owner === name) this.owners.delete(partition)
  }

  of(name: string): string[] {
    return [...this.owners].filter(([, owner]) => owner === name).map(([partition]) => partition)
  }

  counts(): number[] {
    return [...this.daemons.keys()].map((name) => this.of(name).length)
  }

  rounds(count: number, readers = this.daemons.size): void {
    for (let n = 0; n < count; n++) {
      this.now += ROUND_MS
      for (const [name, { share, isStuck }] of this.daemons) {
        if (!isStuck) this.#apply(name, this.#decide(name, share, readers))
      }
    }
  }

  #decide(name: string, share: FairShare, readers: number): ShareMove {
    const held = [...this.owners.keys()]
    const view = { now: this.now, partitions: this.partitions, share: { readers, held } }
    return share.decide({ ...view, own: this.of(name), leaving: 0 })
  }

  #apply(name: string, { claim, limit, giveBack }: ShareMove): void {
    expect(claim).toEqual([...claim].sort())
    const free = claim.filter((partition) => !this.owners.has(partition)).slice(0, limit)
    for (const partition of free) this.owners.set(partition, name)
    for (const partition of giveBack === 0 ? [] : this.of(name).slice(-giveBack)) {
      this.owners.delete(partition)
      this.moves++
    }
  }
}

describe('the share of a daemon', () => {
  it('is everything while it is alone', () => {
    const cluster = new Cluster(16)
    cluster.start('a')
    cluster.rounds(1)
    expect(cluster.counts()).toEqual([16])
  })

  it.each([
    [16, 2, [8, 8]],
    [16, 3, [6, 6, 4]],
    [2, 3, [1, 1, 0]],
    [1, 2, [1, 0]],
  ])(
    'of %i partitions among %i daemons that start together is never more than its part',
    (count, daemons, counts) => {
      const cluster = new Cluster(count)
      for (let n = 0; n < daemons; n++) cluster.start(String(n))
      cluster.rounds(1)
      expect(cluster.counts()).toEqual(counts)
      cluster.rounds(200)
      expect([cluster.counts(), cluster.moves]).toEqual([counts, 0])
    },
  )

  it('moves to a daemon that joins, and not one partition more than it must', () => {
    const cluster = new Cluster(16)
    cluster.start('a')
    cluster.rounds(1)
    cluster.start('b')
    cluster.rounds(40)
    expect([cluster.counts(), cluster.moves]).toEqual([[8, 8], 8])
    cluster.start('c')
    cluster.rounds(40)
    expect([cluster.counts(), cluster.moves]).toEqual([[6, 6, 4], 12])
  })

  it('moves a few at a time, and a large one within a minute', () => {
    const cluster = new Cluster(1_000)
    cluster.start('a')
    cluster.rounds(1)
    cluster.start('b')
    cluster.rounds(1)
    expect(cluster.counts()[0]).toBeGreaterThanOrEqual(875)
    cluster.rounds(120)
    expect(cluster.counts()).toEqual([500, 500])
  })

  it('grows by those of a daemon that has ended', () => {
    const cluster = new Cluster(16)
    for (const name of ['a', 'b', 'c']) cluster.start(name)
    cluster.rounds(1)
    cluster.kill('a')
    cluster.rounds(1)
    expect(cluster.counts()).toEqual([8, 8])
  })

  it('includes what no other daemon takes for as long as a lease, and stays so', () => {
    const cluster = new Cluster(16)
    cluster.start('a')
    cluster.start('stuck', true)
    cluster.rounds(LEASE_MS / ROUND_MS)
    expect(cluster.of('a')).toHaveLength(8)
    cluster.rounds(1)
    expect(cluster.of('a')).toHaveLength(16)
    cluster.rounds(200)
    expect([cluster.of('a').length, cluster.moves]).toEqual([16, 0])
    cluster.start('b')
    cluster.rounds(60)
    expect(cluster.of('b').length).toBeGreaterThanOrEqual(6)
    expect(cluster.owners.size).toBe(16)
  })

  it('is given back after ten minutes to daemons that take it now', () => {
    const cluster = new Cluster(16)
    cluster.start('a')
    cluster.start('late', true)
    cluster.rounds(LEASE_MS / ROUND_MS + 1)
    expect(cluster.counts()).toEqual([16, 0])
    cluster.daemons.get('late')!.isStuck = false
    cluster.rounds((11 * 60_000) / ROUND_MS)
    expect(cluster.counts()).toEqual([8, 8])
  })

  it('is for two seconds what it was before, after the store was away for as long as a lease', () => {
    const cluster = new Cluster(8)
    for (const name of ['a', 'b']) cluster.start(name)
    cluster.rounds(2)
    const before = new Map(cluster.owners)
    cluster.owners.clear()
    cluster.now += LEASE_MS
    // The other daemon has not registered again, so each could take all.
    cluster.rounds(4, 1)
    expect(cluster.owners).toEqual(before)
    cluster.kill('b')
    cluster.rounds(1)
    expect(cluster.counts()).toEqual([8])
  })
})
