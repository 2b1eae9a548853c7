/** Archives that lie about what they hold. Each is made by changing one field of a sound one. */
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readZip } from '../../src/packages/zip.ts'
import { type ZipPart, zipOf } from './_zips.ts'

const TEXT = Buffer.from('x'.repeat(5_000))

function read(parts: readonly ZipPart[]): Record<string, string> {
  const members = readZip(zipOf(parts), 'it.whl', () => {})
  return Object.fromEntries(members.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]))
}

describe('[SEC-5.8] a sound archive', () => {
  it('gives its members, stored and deflated, with names of both encodings', () => {
    const parts = [
      { name: 'stored', content: Buffer.from('one') },
      { name: 'deflated', content: TEXT, deflate: true },
      { name: 'empty', content: Buffer.alloc(0) },
      { name: 'deflated/empty', content: Buffer.alloc(0), deflate: true },
      { name: 'ü', content: Buffer.from('two'), flags: 0x800 },
    ]
    expect(read(parts)).toEqual({
      stored: 'one',
      deflated: TEXT.toString(),
      empty: '',
      'deflated/empty': '',
      ü: 'two',
    })
  })

  it('may have a comment, and something before its first member', () => {
    const zip = zipOf([{ name: 'a', content: TEXT }], { comment: 'c'.repeat(100), before: 50 })
    expect(readZip(zip, 'it.whl', () => {})).toHaveLength(1)
  })

  it('is unpacked member by member, each after its size was asked for', () => {
    const asked: number[] = []
    const stop = (bytes: number) => {
      asked.push(bytes)
      if (asked.length === 2) throw new Error('enough')
    }
    const zip = zipOf([1, 2, 3].map((size) => ({ name: `${size}`, content: Buffer.alloc(size) })))
    expect(() => readZip(zip, 'it.whl', stop)).toThrow('enough')
    expect(asked).toEqual([1, 2])
  })
})

describe('[SEC-5.8] an archive that lies', () => {
  const content = TEXT
  it.each<[string, readonly ZipPart[], RegExp]>([
    ['declares less than it stores', [{ name: 'a', content, size: 0 }], /another size/],
    ['declares more than it stores', [{ name: 'a', content, size: 6_000 }], /another size/],
    ['declares less than is inflated', [{ name: 'a', content, deflate: true, size: 10 }], /another size/],
    ['declares nothing and inflates', [{ name: 'a', content, deflate: true, size: 0 }], /another size/],
    ['declares more than is inflated', [{ name: 'a', content, deflate: true, size: 9_999 }], /another size/],
    ['has another checksum', [{ name: 'a', content, crc: 1 }], /checksum/],
    ['has a damaged member', [{ name: 'a', content, packed: Buffer.from([7]), method: 8 }], /unpacked/],
    ['has an encrypted member', [{ name: 'a', content, flags: 1 }], /encrypted/],
    ['has an unknown method', [{ name: 'a', content, method: 93 }], /unknown method 93/],
    ['has a member beyond its end', [{ name: 'a', content, packedSize: 1_000_000 }], /cut off/],
    ['has a member that is not there', [{ name: 'a', content, start: 3 }], /header of a is missing/],
    ['names a member by zip64', [{ name: 'a', content, start: 0xffffffff }], /header of a is missing/],
    [
      'gives one member to two names',
      [
        { name: 'a', content },
        { name: 'b', content, start: 0 },
      ],
      /share bytes/,
    ],
    [
      'has a member inside another',
      [
        { name: 'a', content: zipOf([{ name: 'b', content }]) },
        { name: 'b', content, start: 31 },
      ],
      /share bytes/,
    ],
  ])('an archive that %s is refused', (_, parts, message) => {
    expect(() => read(parts)).toThrow(message)
    expect(() => read(parts)).toThrow(/^cannot unpack it\.whl/)
  })

  it('cannot make the reader unpack more than it declares', () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024))
    const part = { name: 'a', content: Buffer.alloc(1), packed: bomb, method: 8 }
    const before = process.memoryUsage().arrayBuffers
    expect(() => read([part])).toThrow(/another size/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024)
  })

  it.each([
    ['cut in the directory', (zip: Buffer) => zip.subarray(0, zip.length - 30)],
    ['cut in the end record', (zip: Buffer) => zip.subarray(0, zip.length - 4)],
    ['empty', () => Buffer.alloc(0)],
    ['changed to a directory of zip64', (zip: Buffer) => zip.fill(0xff, zip.length - 12, zip.length - 2)],
  ])('a file that is %s is not unpacked', (_, damage) => {
    const zip = damage(Buffer.from(zipOf([{ name: 'a', content }])))
    expect(() => readZip(zip, 'it.whl', () => {})).toThrow(/^cannot unpack it\.whl/)
  })
})
