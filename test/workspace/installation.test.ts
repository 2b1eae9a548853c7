/** What a new repository depends on, for each way in which this Signalbox may have been installed. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installedDependency } from '../../src/workspace/installation.ts'
import { makeProject } from '../cli/project-on-disk.ts'

/** The dependency for the project `work/repository`, beside which Signalbox is installed in `work`. */
function dependency(
  files: Record<string, string>,
  packagePath = 'work/node_modules/signalbox',
): string | undefined {
  const root = makeProject(files)
  return installedDependency(join(root, 'work/repository'), {
    packageFolder: join(root, packagePath),
    version: '0.1.0',
  })
}

const recorded = (resolved: string) => ({
  'work/node_modules/.package-lock.json': JSON.stringify({
    packages: { 'node_modules/signalbox': { resolved } },
  }),
})
const declared = (path: string, specifier: string) => ({
  [`${path}/package.json`]: JSON.stringify({ devDependencies: { signalbox: specifier } }),
})

it.each([
  ['a file', 'file:../downloads/signalbox-0.1.0.tgz', 'file:../../downloads/signalbox-0.1.0.tgz'],
  ['a file in the repository', 'file:repository/vendor/s.tgz', 'file:vendor/s.tgz'],
  ['a registry', 'https://npm.example.com/signalbox/-/signalbox-0.1.0.tgz', '0.1.0'],
  ['git', 'git+ssh://git@github.com/a/signalbox.git#0f0f', 'git+ssh://git@github.com/a/signalbox.git#0f0f'],
  ['an address', 'https://files.example.com/signalbox.tgz', 'https://files.example.com/signalbox.tgz'],
])('an installation by npm from %s is pinned to it', (_, resolved, expected) => {
  expect(dependency(recorded(resolved))).toBe(expected)
})

it('without a record of npm, the package.json above says what was installed', () => {
  expect(dependency(declared('work', 'file:signalbox.tgz'))).toBe('file:../signalbox.tgz')
  expect(dependency(declared('work/repository', '0.1.0'))).toBe('0.1.0')
})

it('a broken record of npm counts as none', () => {
  const broken = { 'work/node_modules/.package-lock.json': '{"packages":' }
  expect(dependency({ ...broken, ...declared('work', '0.1.0') })).toBe('0.1.0')
})

it('a checkout is named by its folder', () => {
  expect(dependency({}, 'code/signalbox')).toBe('file:../../code/signalbox')
})

it('an installation of unknown origin is pinned to nothing', () => {
  expect(dependency({})).toBeUndefined()
})
