/**
 * Compiles the interpreter once for all workers, rewritten: with bounds of its memory, which no option of Pyodide caps, and
 * without the functions that nobody calls from outside.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fingerprint } from '../../core/fingerprint.ts'
import { Bug } from '../../errors.ts'
import type { CompiledInterpreter } from '../protocol/interpreter-start.ts'
import { readStandardLibrary } from './python-files.ts'
import { USED_EXPORTS } from './used-exports.ts'

const PAGE_BYTES = 64 * 1024
/** What an image may need from the start; the interpreter's own declaration is 30 MiB. Untouched pages cost nothing. */
const MIN_PAGES = 1024
const MEMORY_SECTION = 5
const EXPORT_SECTION = 7
/** Magic and version. */
const HEADER_BYTES = 8
const FUNCTION_KIND = 0

interface WebAssemblyHost {
  compile(bytes: Uint8Array): Promise<object>
}

/** Bytes that every interpreter has from the start: no larger image can be put in place. */
export const SNAPSHOT_BYTES = MIN_PAGES * PAGE_BYTES

/** What Pyodide brings, as far as an interpreter is made of it. */
interface InterpreterSources {
  readonly wasm: Uint8Array
  /** Tells apart interpreters that are made of other bytes. */
  readonly fingerprint: string
}

export function readInterpreterSources(): InterpreterSources {
  const { resolve } = createRequire(import.meta.url)
  const wasm = readFileSync(resolve('pyodide/pyodide.asm.wasm'))
  const script = readFileSync(resolve('pyodide/pyodide.asm.mjs'))
  return { wasm, fingerprint: fingerprint(wasm, script, readStandardLibrary()) }
}

/** @param capBytes beyond this Python gets a MemoryError. */
export async function compileInterpreter(
  capBytes: number,
  { wasm, fingerprint: sourceFingerprint } = readInterpreterSources(),
): Promise<CompiledInterpreter> {
  const memory = { minPages: MIN_PAGES, maxPages: Math.max(MIN_PAGES, Math.floor(capBytes / PAGE_BYTES)) }
  const host = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly
  return {
    module: await host.compile(rewriteModule(wasm, memory, USED_EXPORTS)),
    fingerprint: sourceFingerprint,
  }
}

/**
 * The same module with one memory of so many pages, and of its functions only these exported; whatever else it exports
 * stays.
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
  /** With its head. */
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

/** Entries are a name with its length before it, a kind, and a number. */
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
