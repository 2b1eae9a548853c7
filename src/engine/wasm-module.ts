/** Compiles the interpreter once for all workers, with the bounds of its memory rewritten: no option of Pyodide caps it. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Bug } from '../errors.ts'

const PAGE_BYTES = 64 * 1024
/** What an image may need from the start; the interpreter's own declaration is 30 MiB. Untouched pages cost nothing. */
const LEAST_PAGES = 1024
const MEMORY_SECTION = 5
/** Magic and version. */
const HEADER_BYTES = 8

interface WebAssemblyHost {
  compile(bytes: Uint8Array): Promise<object>
}

/** Bytes that every interpreter has from the start: no larger image can be put in place. */
export const IMAGE_BYTES = LEAST_PAGES * PAGE_BYTES

/** @param capBytes beyond this Python gets a MemoryError. */
export async function compileInterpreter(capBytes: number): Promise<object> {
  const file = createRequire(import.meta.url).resolve('pyodide/pyodide.asm.wasm')
  const most = Math.max(LEAST_PAGES, Math.floor(capBytes / PAGE_BYTES))
  const host = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly
  return host.compile(withMemory(await readFile(file), LEAST_PAGES, most))
}

/** The same module with another memory section: one memory, with a minimum and a maximum of pages. */
export function withMemory(wasm: Uint8Array, least: number, most: number): Uint8Array {
  for (let at = HEADER_BYTES; at < wasm.length; ) {
    const id = wasm[at]!
    const [length, content] = readNumber(wasm, at + 1)
    if (id === MEMORY_SECTION) {
      const section = [1, 1, ...numberBytes(least), ...numberBytes(most)]
      const head = [MEMORY_SECTION, ...numberBytes(section.length), ...section]
      return Buffer.concat([wasm.subarray(0, at), Uint8Array.from(head), wasm.subarray(content + length)])
    }
    at = content + length
  }
  throw new Bug('the interpreter declares no memory')
}

/** LEB128, as WebAssembly writes its numbers: the value and where the next byte stands. */
function readNumber(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0
  for (let at = start, shift = 0; ; at++, shift += 7) {
    value |= (bytes[at]! & 0x7f) << shift
    if (bytes[at]! < 0x80) return [value >>> 0, at + 1]
  }
}

function numberBytes(value: number): number[] {
  const low = value & 0x7f
  return value < 0x80 ? [low] : [low | 0x80, ...numberBytes(value >>> 7)]
}
