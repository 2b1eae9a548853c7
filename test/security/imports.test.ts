/**
 * Everything that the interpreter could reach of the host passes through its imports. Each name was looked at when its
 * version was pinned; a new one must be, before it may run: see src/engine/runtime/import-allowlist.ts.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MARKER_CELL_COUNT } from '../../src/engine/protocol/progress-marker.ts'
import { importRule } from '../../src/engine/runtime/import-allowlist.ts'
import { Deadline } from '../../src/engine/runtime/imports/deadline.ts'
import { bootPython } from '../../src/engine/runtime/pyodide.ts'
import { readPythonFiles } from '../../src/engine/runtime/python-files.ts'
import { compileInterpreter } from '../../src/engine/runtime/wasm-module.ts'

const { version } = createRequire(import.meta.url)('pyodide/package.json') as { version: string }
const known = readFileSync(join(import.meta.dirname, `imports-${version}.txt`), 'utf8')
  .trim()
  .split('\n')
const isAllowed = (name: string) => importRule(name).rule === 'allow'

type Instantiate = (source: unknown, imports?: { env?: object }) => Promise<unknown>

/** Boots an interpreter and observes which names it is linked with. */
async function importedNames(): Promise<string[]> {
  const host = (globalThis as unknown as { WebAssembly: { instantiate: Instantiate } }).WebAssembly
  const { instantiate } = host
  const names: string[] = []
  host.instantiate = (source, imports) => {
    names.push(...Object.keys(imports?.env ?? {}))
    return instantiate.call(host, source, imports)
  }
  try {
    const { module } = await compileInterpreter(64 * 1024 * 1024)
    const deadline = new Deadline(new Int32Array(MARKER_CELL_COUNT))
    const cacheRequester = { request: () => '' }
    await bootPython({ deadline, cacheRequester, files: readPythonFiles(), module, base: null })
    return names
  } finally {
    host.instantiate = instantiate
  }
}

describe('[SEC-1.3] the imports of the interpreter', () => {
  it('the interpreter has only the known imports', async () => {
    expect((await importedNames()).sort()).toEqual(known)
  })

  it('imports are locked unless they are listed, so a new import is refused', () => {
    expect(importRule('a_new_name')).toEqual({ rule: 'lock' })
    expect(importRule('__syscall_new')).toEqual({ rule: 'refuse', answer: -63 })
  })

  it.each([
    ['shell', /system/],
    ['libraries', /^_?_?(emscripten_)?dl(open|sym)|_dl(open|sym)_/],
    ['sockets', /__syscall_(socket|connect|bind|listen|accept|send|recv|getsockname|getpeername)/],
    ['scripts', /run_script|emscripten_asm|^emscripten_(async|fetch|wget)/],
    ['JavaScript objects', /^(Jsv|JsProxy|js2python|python2js|hiwire|pyproxy|proxy_cache|ffi_)/i],
    [
      'writing files',
      /__syscall_(mkdir|rename|unlink|symlink|truncate|ftruncate|chmod|fallocate|mknod)|_mmap_js/,
    ],
  ])('none of %s is among them', (_, pattern) => {
    const names = known.filter((name) => pattern.test(name))
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter(isAllowed)).toEqual([])
  })
})
