/** Gzip data as it comes: members, padding, damage. What must be kept is what zlib itself decompresses before the damage. */
import { constants, deflateRawSync, gzipSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Corruption, gunzipped } from '../../../src/sources/framing/gunzip.ts'

async function read(input: Buffer, step = Number.POSITIVE_INFINITY) {
  async function* chunks() {
    for (let from = 0; from < input.length; from += step) {
      yield input.subarray(from, Math.min(input.length, from + step))
    }
  }
  const output: Buffer[] = []
  const damages: (Corruption & { readonly at: number })[] = []
  for await (const part of gunzipped(chunks())) {
    if (Buffer.isBuffer(part)) output.push(part)
    else damages.push({ ...part, at: Buffer.concat(output).length })
  }
  return { output: Buffer.concat(output), damages }
}

/** Text that compresses to about half, so that damage does not show at once. */
function noise(bytes: number): Buffer {
  let state = 1
  return Buffer.from(
    Array.from({ length: bytes }, () => {
      state = (state * 48_271) % 2_147_483_647
      return 0x61 + (state % 16)
    }),
  )
}

const HEADER_BYTES = 10

describe('gzip data', () => {
  it.each([0, 1, 512, 100_000])('gzip data ends at %i bytes of zero padding', async (zeros) => {
    const members = Buffer.concat([gzipSync('1\n'), gzipSync('2\n'), Buffer.alloc(zeros)])
    expect(await read(members)).toEqual({ output: Buffer.from('1\n2\n'), damages: [] })
  })

  it('gzip data may have zero padding between members', async () => {
    const members = Buffer.concat([gzipSync('1\n'), Buffer.alloc(7), gzipSync('2\n')])
    expect(await read(members)).toEqual({ output: Buffer.from('1\n2\n'), damages: [] })
  })

  it.each([
    ['text', Buffer.from('trailer')],
    ['text after zeros', Buffer.from('\0\0\0trailer')],
  ])('gzip data that has %s at its end is damaged there, and only there', async (_what, trailer) => {
    const { output, damages } = await read(Buffer.concat([gzipSync('1\n'), gzipSync('2\n'), trailer]))
    expect(output.toString()).toBe('1\n2\n')
    expect(damages).toEqual([{ damage: 'incorrect header check', isFinal: true, at: 4 }])
  })

  it.each([
    ['checksum', 8, 'incorrect data check'],
    ['length', 4, 'incorrect length check'],
  ])('gzip data with a wrong %s in one member is read on after it', async (_what, fromEnd, damage) => {
    for (const text of ['1\n', noise(1_500_000).toString()]) {
      const bad = gzipSync(text)
      bad[bad.length - fromEnd]! ^= 1
      const { output, damages } = await read(Buffer.concat([gzipSync('0\n'), bad, gzipSync('2\n')]))
      expect(output.toString()).toBe(`0\n${text}2\n`)
      expect(damages).toEqual([{ damage, isFinal: false, at: 2 + text.length }])
    }
  })

  it.each([100, 20_000, 1_500_000])(
    'gzip data with a changed byte in a member of %i bytes yields all lines before it',
    async (size) => {
      const text = noise(size)
      const member = gzipSync(text)
      const at = Math.floor(member.length / 2)
      member[at]! ^= 0xff
      const sound = inflateRawSync(member.subarray(HEADER_BYTES, at), {
        finishFlush: constants.Z_SYNC_FLUSH,
      })
      const first = gzipSync('first\n')
      for (const step of [Number.POSITIVE_INFINITY, 1_000]) {
        const { output, damages } = await read(Buffer.concat([first, member]), step)
        expect(sound.length).toBeGreaterThan(size / 4)
        expect(output.subarray(0, 6 + sound.length)).toEqual(Buffer.concat([Buffer.from('first\n'), sound]))
        expect(damages).toHaveLength(1)
      }
    },
  )

  it('gzip data that is damaged in the deflate data yields every byte before the damage', async () => {
    const text = noise(200_000)
    // A block that is not the last one, then a block of a type that does not exist.
    const open = deflateRawSync(text, { finishFlush: constants.Z_FULL_FLUSH })
    const head = gzipSync('').subarray(0, HEADER_BYTES)
    const { output, damages } = await read(Buffer.concat([head, open, Buffer.alloc(50, 0xff)]))
    expect(output.equals(text)).toBe(true)
    expect(damages).toEqual([{ damage: 'invalid compressed data', isFinal: true, at: text.length }])
  })

  it('gzip data that is cut anywhere yields what zlib yields, and is reported as cut', async () => {
    const text = noise(300)
    const member = gzipSync(text)
    for (let end = 0; end < member.length; end++) {
      const { output, damages } = await read(member.subarray(0, end))
      const body = member.subarray(HEADER_BYTES, Math.max(HEADER_BYTES, Math.min(end, member.length - 8)))
      const expected =
        body.length === 0 ? Buffer.alloc(0) : inflateRawSync(body, { finishFlush: constants.Z_SYNC_FLUSH })
      expect(output.equals(expected)).toBe(true)
      expect(damages).toEqual([{ damage: 'unexpected end of file', isFinal: true, at: output.length }])
    }
  })

  it('gzip data may have every optional field in its header', async () => {
    const member = gzipSync('1\n')
    const head = Buffer.from(member.subarray(0, HEADER_BYTES))
    head[3] = 0x02 | 0x04 | 0x08 | 0x10
    const fields = Buffer.from('\x03\x00abcname\0comment\0\x01\x02', 'latin1')
    const whole = Buffer.concat([head, fields, member.subarray(HEADER_BYTES)])
    for (const step of [1, 100]) {
      expect(await read(whole, step)).toEqual({ output: Buffer.from('1\n'), damages: [] })
    }
  })

  it('the output of gzip data does not depend on chunks and members', async () => {
    const texts = fc.array(fc.oneof(fc.string(), fc.integer({ min: 0, max: 100_000 })), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 200, max: 100_000 }), async (parts, step) => {
        const plain = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : noise(part)))
        fc.pre(plain.length > 0)
        const { output, damages } = await read(Buffer.concat(plain.map((part) => gzipSync(part))), step)
        expect(output.equals(Buffer.concat(plain))).toBe(true)
        expect(damages).toEqual([])
      }),
      { numRuns: 15 },
    )
  })
})
