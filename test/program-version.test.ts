/** The names of caches contain a hash of the program's text, so every changed file makes another program version. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { versionOfSources } from '../src/program-version.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-version-'))
  mkdirSync(join(root, 'src', 'config', 'schemas'), { recursive: true })
  writeFileSync(join(root, 'package.json'), '{"dependencies":{"yaml":"1.0.0"}}')
  writeFileSync(join(root, 'src', 'main.ts'), 'main')
  writeFileSync(join(root, 'src', 'config', 'schemas', 'rule.json'), '{}')
})
afterAll(() => rmSync(root, { recursive: true }))

const version = () => versionOfSources(join(root, 'src'))

it.each<[string, (path: (name: string) => string) => void]>([
  ['a file deep in a folder changes', (path) => writeFileSync(path('src/config/schemas/rule.json'), '[]')],
  ['a file comes to be', (path) => writeFileSync(path('src/config/schemas/new.py'), '')],
  ['a file has another name', (path) => renameSync(path('src/main.ts'), path('src/other.ts'))],
  ['another version of a package is pinned', (path) => writeFileSync(path('package.json'), '{}')],
])('the program version changes when %s', (_, change) => {
  const before = version()
  expect(version()).toBe(before)
  change((name) => join(root, name))
  expect(version()).not.toBe(before)
})
