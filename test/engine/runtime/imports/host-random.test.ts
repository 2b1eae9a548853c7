/** Every random byte comes from the host, and is given once. */
import { expect, it } from 'vitest'
import { hostRandom } from '../../../../src/engine/runtime/imports/host-random.ts'

const PAGE = 64 * 1024

function asked(...sizes: number[]): Uint8Array[] {
  const buffer = new ArrayBuffer(8 * PAGE)
  const random = hostRandom(() => ({ buffer })).random_get!
  let at = 0
  return sizes.map((size) => {
    expect(random(at, size)).toBe(0)
    at += size
    return new Uint8Array(buffer, at - size, size)
  })
}

it('many small requests for random bytes get different bytes', () => {
  const given = asked(...Array.from({ length: 10_000 }, () => 16))
  expect(new Set(given.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(10_000)
})

it('every bit is as often set as not', () => {
  const bytes = asked(...Array.from({ length: 20_000 }, (_, i) => 1 + (i % 15))).flatMap((each) => [...each])
  const set = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
  expect(set / (bytes.length * 8)).toBeCloseTo(0.5, 1)
})

it('an asking may be larger than a handful, or none', () => {
  const [large, none, after] = asked(3 * PAGE, 0, 32)
  expect(large!.some((byte) => byte !== 0)).toBe(true)
  expect(large!.subarray(-64).some((byte) => byte !== 0)).toBe(true)
  expect(none).toHaveLength(0)
  expect(after!.some((byte) => byte !== 0)).toBe(true)
})
