/** The memory section of a module rewritten; all else of it as it was. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withMemory } from '../../src/engine/wasm-module.ts'

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
/** A custom section of so many bytes: what stands before the memory may be long. */
const custom = (bytes: number) => [0, ...leb(bytes + 2), 1, 0x63, ...Array<number>(bytes).fill(7)]
const memory = (...limits: number[]) => [5, limits.length + 1, 1, ...limits]
/** The memory under the name `m`. */
const EXPORT = [7, 5, 1, 1, 0x6d, 2, 0]

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]
}

interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
interface WebAssemblyHost {
  instantiate(bytes: Uint8Array): Promise<{ instance: { exports: { m: Memory } } }>
}
const { WebAssembly: host } = globalThis as unknown as { WebAssembly: WebAssemblyHost }

async function memoryOf(wasm: Uint8Array): Promise<Memory> {
  return (await host.instantiate(wasm)).instance.exports.m
}

const PAGE_BYTES = 65_536
const small = (...limits: number[]) => Uint8Array.from([...HEADER, ...memory(...limits), ...EXPORT])

describe('a module with another memory', () => {
  it.each([
    ['without a maximum before', small(0, 1)],
    ['with a maximum before', small(1, 1, 2)],
    ['with bounds that take several bytes', small(1, ...leb(200), ...leb(60_000))],
    ['after other sections', Uint8Array.from([...HEADER, ...custom(300), ...memory(0, 1), ...EXPORT])],
  ])('%s has the new bounds', async (_, wasm) => {
    const made = await memoryOf(withMemory(wasm, 3, 5))
    expect(made.buffer.byteLength).toBe(3 * PAGE_BYTES)
    expect(made.grow(2)).toBe(3)
    expect(() => made.grow(1)).toThrow(RangeError)
  })

  it('is the same module otherwise, whatever the bounds', () => {
    const before = [...HEADER, ...custom(5)]
    const wasm = Uint8Array.from([...before, ...memory(0, 1), ...EXPORT])
    fc.assert(
      fc.property(fc.nat(65_536), fc.nat(65_536), (least, most) => {
        const limits = [1, ...leb(least), ...leb(most)]
        expect([...withMemory(wasm, least, most)]).toEqual([...before, ...memory(...limits), ...EXPORT])
      }),
    )
  })

  it('is not made of one that declares none', () => {
    expect(() => withMemory(Uint8Array.from(HEADER), 1, 1)).toThrow('declares no memory')
  })
})
