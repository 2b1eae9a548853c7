/** The list of the functions that JavaScript calls in the interpreter belongs to one version of Pyodide: it is read off here. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { USED_EXPORTS } from '../../../src/engine/runtime/used-exports.ts'

/** JavaScript finds this function under the name `main`. */
const MAIN = '__main_argc_argv'
const { resolve } = createRequire(import.meta.url)

interface WebAssemblyHost {
  readonly Module: (new (
    bytes: Uint8Array,
  ) => object) & {
    exports(module: object): readonly { readonly name: string; readonly kind: string }[]
  }
}
const { Module } = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly

/** Emscripten's text, without the part that names every export once more: `var _a, ...; function assignWasmExports ...`. */
function callingText(): string {
  const text = readFileSync(resolve('pyodide/pyodide.asm.mjs'), 'utf8')
  const assigning = text.indexOf('function assignWasmExports(')
  expect(assigning).toBeGreaterThan(0)
  return text.slice(0, text.lastIndexOf('var ', assigning)) + text.slice(text.indexOf('}', assigning))
}

it('the list contains every function that the JavaScript of Pyodide or of Signalbox calls', () => {
  const module = new Module(readFileSync(resolve('pyodide/pyodide.asm.wasm')))
  const functions = Module.exports(module).flatMap(({ name, kind }) => (kind === 'function' ? [name] : []))
  const text = callingText()
  const ours = readFileSync(new URL('../../../src/engine/runtime/c-api.ts', import.meta.url), 'utf8')
  const identifiers = new Set(`${text} ${ours}`.match(/[\w$]+/g))
  const direct = new Set(Array.from(text.matchAll(/wasmExports(?:\.|\[")(\w+)/g), ([, name]) => name!))
  const used = functions.filter((name) => identifiers.has(`_${name}`) || direct.has(name) || name === MAIN)
  expect([...USED_EXPORTS].sort()).toEqual(used.sort())
})
