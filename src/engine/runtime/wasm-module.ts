/**
 * WORKER THREAD. Compiles the interpreter once for all workers, after two sections of its binary are rewritten.
 *
 * The memory section gets one size, as minimum and as maximum. It is the memory limit of project code: no option of Pyodide
 * sets one, and with it a request for more memory fails inside Python as a MemoryError instead of exhausting the process.
 * The whole size exists from the start, because a snapshot is restored before Python runs and could not let the memory
 * grow. Pages that nothing has touched take no memory of the machine; how much Python uses is read from the allocator.
 *
 * The export section keeps only the functions that JavaScript calls; used-exports.ts explains why. All other sections are
 * copied unchanged, so indexes of functions and tables stay the same, and with them the pointers in existing snapshots.
 *
 * Compiled modules can be sent to other threads; see docs/decisions/0008-no-code-is-freed-between-interpreters.md for the
 * flag that this requires.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fingerprint } from '../../core/fingerprint.ts'
import { Bug } from '../../errors.ts'
import type { CompiledInterpreter } from '../protocol/interpreter-start.ts'
import { readStandardLibrary } from './python-files.ts'
import { USED_EXPORTS } from './used-exports.ts'

const PAGE_BYTES = 64 * 1024
const MEMORY_SECTION = 5
const EXPORT_SECTION = 7
/** The length of the magic number and the version. */
const HEADER_BYTES = 8
const FUNCTION_KIND = 0

interface WebAssemblyHost {
  compile(bytes: Uint8Array): Promise<object>
}

/** The files of Pyodide of which an interpreter is made. */
interface InterpreterSources {
  readonly wasm: Uint8Array
  /** A hash of all these files. */
  readonly fingerprint: string
}

export function readInterpreterSources(): InterpreterSources {
  const { resolve } = createRequire(import.meta.url)
  const wasm = readFileSync(resolve('pyodide/pyodide.asm.wasm'))
  const script = readFileSync(resolve('pyodide/pyodide.asm.mjs'))
  return { wasm, fingerprint: fingerprint(wasm, script, readStandardLibrary()) }
}

/** @param capBytes Python raises a MemoryError beyond this size. */
export async function compileInterpreter(
  capBytes: number,
  { wasm, fingerprint: sourceFingerprint } = readInterpreterSources(),
): Promise<CompiledInterpreter> {
  const pages = Math.floor(capBytes / PAGE_BYTES)
  const memory = { minPages: pages, maxPages: pages }
  const host = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly
  return {
    module: await host.compile(rewriteModule(wasm, memory, USED_EXPORTS)),
    fingerprint: sourceFingerprint,
  }
}

/**
 * Returns the same module with one memory of this size, and with only these functions exported. Exports of other kinds
 * stay.
 */
export function rewriteModule(
  wasm: Uint8Array,
  { minPages, maxPages }: { readonly minPages: number; readonly maxPages: number },
  functions: ReadonlySet<string>,
): Uint8Array {
  const parts = [wasm.subarray(0, HEADER_BYTES)]
  let hasMemory = false
  for (const { id, content, whole } of sectionsOf(wasm)) {
    hasMemory ||= id === MEMORY_SECTION
    if (id === MEMORY_SECTION)
      parts.push(section(id, Uint8Array.of(1, 1, ...numberBytes(minPages), ...numberBytes(maxPages))))
    else if (id === EXPORT_SECTION) parts.push(section(id, exportsOf(content, functions)))
    else parts.push(whole)
  }
  if (!hasMemory) throw new Bug('the interpreter declares no memory')
  return Buffer.concat(parts)
}

interface Section {
  readonly id: number
  readonly content: Uint8Array
  /** The section with its header. */
  readonly whole: Uint8Array
}

function* sectionsOf(wasm: Uint8Array): Generator<Section> {
  for (let at = HEADER_BYTES; at < wasm.length; ) {
    const [length, from] = readNumber(wasm, at + 1)
    const to = from + length
    yield { id: wasm[at]!, content: wasm.subarray(from, to), whole: wasm.subarray(at, to) }
    at = to
  }
}

function section(id: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(id, ...numberBytes(content.length)), content])
}

/** Filters an export section. Each entry is the length of its name, the name, a kind and an index. */
function exportsOf(content: Uint8Array, functions: ReadonlySet<string>): Uint8Array {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length)
  const [, first] = readNumber(bytes, 0)
  const kept: Uint8Array[] = []
  for (let at = first; at < bytes.length; ) {
    const [length, name] = readNumber(bytes, at)
    const kind = name + length
    const [, end] = readNumber(bytes, kind + 1)
    if (bytes[kind] !== FUNCTION_KIND || functions.has(bytes.toString('utf8', name, kind)))
      kept.push(bytes.subarray(at, end))
    at = end
  }
  return Buffer.concat([Uint8Array.of(...numberBytes(kept.length)), ...kept])
}

/** Reads a number in LEB128, the encoding of WebAssembly, and returns it with the offset of the next byte. */
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
