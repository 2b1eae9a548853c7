/** Small batches are joined, and each caller gets its own results. */
import { describe, expect, it } from 'vitest'
import { coalesce } from '../../../src/engine/pool/batching.ts'

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
