import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { expect, it } from 'vitest'
import { decompress } from '../../../src/sources/kafka-topic/decompress.ts'
import { seededRandom } from '../../support/random.ts'

const { snappy, lz4 } = compressionsAlgorithms
const chunked = (data: Buffer): Buffer => {
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  const chunks = [data.subarray(0, 40_000), data.subarray(40_000)].map((part) => snappy.compressSync(part))
  const sized = chunks.flatMap((chunk) => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(chunk.length)
    return [size, chunk]
  })
  return Buffer.concat([head, ...sized])
}
/** The methods by their number in a batch; those of Snappy and LZ4 are compressed by another implementation. */
const METHODS: readonly (readonly [name: string, method: number, compress: (data: Buffer) => Buffer])[] = [
  ['gzip', 1, gzipSync],
  ['snappy', 2, (data) => snappy.compressSync(data)],
  ['snappy in chunks', 2, chunked],
  ['lz4', 3, (data) => lz4.compressSync(data)],
  [
    'lz4 of two frames',
    3,
    (data) => Buffer.concat([lz4.compressSync(data), lz4.compressSync(Buffer.from('x'))]),
  ],
  ['zstd', 4, zstdCompressSync],
]

/** Runs of repeated texts and of random bytes, so that copies of every distance and length occur. */
function sampleData(seed: number): Buffer {
  const random = seededRandom(seed)
  const parts: Buffer[] = []
  for (let n = 0; n < 200; n++) {
    const text = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 30) }, () => random() * 256))
    parts.push(...Array.from({ length: 1 + Math.floor(random() * 60) }, () => text))
    if (random() < 0.3 && parts.length > 10) parts.push(...parts.slice(0, 10))
  }
  return Buffer.concat(parts)
}

it.each(METHODS)('returns what was compressed with %s', async (name, method, compress) => {
  for (const data of [
    sampleData(1),
    sampleData(2),
    Buffer.alloc(0),
    Buffer.from('a'),
    Buffer.alloc(300_000, 'ab'),
  ]) {
    const plain = await decompress(compress(data), method, 16 * 1024 * 1024)
    const expected = name === 'lz4 of two frames' ? Buffer.concat([data, Buffer.from('x')]) : data
    expect(plain.equals(expected)).toBe(true)
  }
})

it.each(METHODS)('ends at the limit of %s', async (_, method, compress) => {
  await expect(decompress(compress(Buffer.alloc(300_000)), method, 100_000)).rejects.toThrow(
    / data exceeds 100000 bytes$/,
  )
})

it.each(METHODS)(
  'refuses %s that is damaged or cut off, and reads nothing outside of it',
  async (_, method, compress) => {
    const random = seededRandom(3)
    const sound = compress(sampleData(4))
    for (let n = 0; n < 200; n++) {
      const data = Buffer.from(sound.subarray(0, 1 + Math.floor(random() * sound.length)))
      for (let i = 0; i < 3; i++) data[Math.floor(random() * data.length)] = Math.floor(random() * 256)
      // A change can leave data that is sound in its form.
      const result = await decompress(data, method, 4 * 1024 * 1024).catch((error: Error) => error.message)
      if (typeof result === 'string') expect(result).toMatch(/^the \w+ data (?:is damaged|exceeds)/)
    }
    await expect(decompress(sound.subarray(0, -20), method, 16 * 1024 * 1024)).rejects.toThrow(/is damaged/)
  },
)

it('refuses a method that is not known', async () => {
  await expect(decompress(Buffer.alloc(1), 5, 100)).rejects.toThrow('the compression 5 is unknown')
})
