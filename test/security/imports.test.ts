/**
 * Everything that the interpreter could reach of the host passes through its imports. Each name was looked at when its
 * version was pinned; a new one must be, before it may run: see src/engine/runtime/import-allowlist.ts.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importRule } from '../../src/engine/runtime/import-allowlist.ts'
import { importedNames } from '../../src/engine/runtime/pyodide.ts'
import { compileInterpreter, SNAPSHOT_BYTES } from '../../src/engine/runtime/wasm-module.ts'

const { version } = createRequire(import.meta.url)('pyodide/package.json') as { version: string }
const known = readFileSync(join(import.meta.dirname, `imports-${version}.txt`), 'utf8')
  .trim()
  .split('\n')
const isAllowed = (name: string) => importRule(name).rule === 'allow'

describe('the imports of the interpreter', () => {
  it('are those that are known', async () => {
    const { module } = await compileInterpreter(SNAPSHOT_BYTES)
    expect([...(await importedNames(module))].sort()).toEqual(known)
  })

  it('are locked unless they are named: a new name is no way out', () => {
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
