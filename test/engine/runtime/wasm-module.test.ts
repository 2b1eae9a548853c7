/** Rewriting changes the memory and the exports of a module, and nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rewriteModule } from '../../../src/engine/runtime/wasm-module.ts'

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
/** A custom section of so many bytes, because the text before the memory may be long. */
const custom = (bytes: number) => [0, ...leb(bytes + 2), 1, 0x63, ...Array<number>(bytes).fill(7)]
const memory = (...limits: number[]) => [5, limits.length + 1, 1, ...limits]
/** The memory under the name `m`. */
const EXPORT = [7, 5, 1, 1, 0x6d, 2, 0]
const NONE = new Set<string>()

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
    const made = await memoryOf(rewriteModule(wasm, { minPages: 3, maxPages: 5 }, NONE))
    expect(made.buffer.byteLength).toBe(3 * PAGE_BYTES)
    expect(made.grow(2)).toBe(3)
    expect(() => made.grow(1)).toThrow(RangeError)
  })

  it('is the same module otherwise, whatever the bounds', () => {
    const before = [...HEADER, ...custom(5)]
    const wasm = Uint8Array.from([...before, ...memory(0, 1), ...EXPORT])
    fc.assert(
      fc.property(fc.nat(65_536), fc.nat(65_536), (minPages, maxPages) => {
        const limits = [1, ...leb(minPages), ...leb(maxPages)]
        expect([...rewriteModule(wasm, { minPages, maxPages }, NONE)]).toEqual([
          ...before,
          ...memory(...limits),
          ...EXPORT,
        ])
      }),
    )
  })

  it('a module that declares no memory is refused', () => {
    expect(() => rewriteModule(Uint8Array.from(HEADER), { minPages: 1, maxPages: 1 }, NONE)).toThrow(
      'declares no memory',
    )
  })
})

describe('a module with fewer functions', () => {
  /** One function that does nothing, under each of the names, and the memory. */
  const withFunctions = (names: readonly string[]) => {
    const functions = names.flatMap((name) => [...leb(name.length), ...Buffer.from(name), 0, 0])
    const content = [...leb(names.length + 1), ...functions, 1, 0x6d, 2, 0]
    const [type, declared, code] = [
      [1, 4, 1, 0x60, 0, 0],
      [3, 2, 1, 0],
      [10, 4, 1, 2, 0, 0x0b],
    ]
    const exported = [7, ...leb(content.length), ...content]
    return Uint8Array.from([HEADER, type, declared, memory(0, 1), exported, code].flat())
  }

  const long = 'x'.repeat(200)

  it('exports those that are used, and all that is no function', async () => {
    const names = ['a', long, 'kept', ...Array.from({ length: 150 }, (_, at) => `other${at}`)]
    const wasm = rewriteModule(
      withFunctions(names),
      { minPages: 1, maxPages: 1 },
      new Set(['kept', long, 'absent']),
    )
    const { exports } = (await host.instantiate(wasm)).instance
    expect(Object.keys(exports).sort()).toEqual(['kept', 'm', long])
  })
})
