/** Small batches are joined, and each caller gets its own results. */
import { describe, expect, it } from 'vitest'
import { coalesce } from '../../../src/engine/pool/batching.ts'
import { until } from '../../support/until.ts'

function doubling(enough: number, waitMs: number) {
  const batches: number[][] = []
  const run = async (items: readonly number[]) => {
    batches.push([...items])
    if (items.includes(13)) throw new Error('thirteen')
    return items.map((item) => item * 2)
  }
  return { batches, gathered: coalesce({ run, fullBatchItems: enough, waitMs }) }
}

const FOR_EVER = 1_000_000

describe('batches that come together', () => {
  it('batches that come together run as one, and each gets its own results', async () => {
    const { batches, gathered } = doubling(100, 1)
    expect(await Promise.all([gathered([1]), gathered([2, 3]), gathered([]), gathered([4])])).toEqual([
      [2],
      [4, 6],
      [],
      [8],
    ])
    expect(batches).toEqual([[1, 2, 3, 4]])
  })

  it('a batch waits for nothing while no other one runs', async () => {
    const { batches, gathered } = doubling(100, FOR_EVER)
    expect(await gathered([1])).toEqual([2])
    await expect(gathered([13])).rejects.toThrow('thirteen')
    expect(await gathered([2])).toEqual([4])
    expect(batches).toEqual([[1], [13], [2]])
  })

  it('batches that come while another one runs are joined, and run when it has ended', async () => {
    const batches: (readonly number[])[] = []
    const ends: (() => void)[] = []
    const run = async (items: readonly number[]) => {
      batches.push(items)
      await new Promise<void>((resolve) => ends.push(resolve))
      return items
    }
    const gathered = coalesce({ run, fullBatchItems: 100, waitMs: FOR_EVER })
    const first = gathered([1])
    await until(() => batches.length === 1)
    const later = [gathered([2]), gathered([3])]
    expect(batches).toEqual([[1]])
    ends[0]!()
    await first
    await until(() => batches.length === 2)
    ends[1]!()
    expect(await Promise.all(later)).toEqual([[2], [3]])
    expect(batches).toEqual([[1], [2, 3]])
  })

  it('a batch does not wait for a running one for longer than it may', async () => {
    const batches: (readonly number[])[] = []
    const run = (items: readonly number[]) => {
      batches.push(items)
      return batches.length === 1 ? new Promise<never>(() => {}) : Promise.resolve(items)
    }
    const gathered = coalesce({ run, fullBatchItems: 100, waitMs: 1 })
    void gathered([1])
    await until(() => batches.length === 1)
    expect(await gathered([2])).toEqual([2])
  })

  it('wait no longer once there are enough', async () => {
    const { batches, gathered } = doubling(3, FOR_EVER)
    await Promise.all([gathered([1, 2]), gathered([3])])
    await gathered([4, 5, 6, 7])
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5, 6, 7],
    ])
  })

  it('batches that run as one fail together, and later ones do not', async () => {
    const { gathered } = doubling(2, FOR_EVER)
    const failed = await Promise.allSettled([gathered([13]), gathered([1])])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await gathered([1, 2])).toEqual([2, 4])
  })
})
