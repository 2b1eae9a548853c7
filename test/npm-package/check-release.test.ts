/** A release with a placeholder, another version, no changelog or a README from before the first release is refused. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeProject } from '../cli/project-on-disk.ts'
import { commandEnvironment } from '../support/process.ts'

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'check-release.ts')

const SOUND = {
  'package.json': '{"version":"1.2.3","homepage":"https://github.com/acme/signalbox"}',
  '.github/CODEOWNERS': '* @acme\n',
  'CHANGELOG.md': '# Changelog\n\n## 1.2.3 - 2027-01-01\n',
  'README.md': '# Signalbox\n\n## Install\n\nnpm install --save-dev signalbox\n',
}

function check(files: Record<string, string>, tag: string) {
  const options = { cwd: makeProject(files), env: commandEnvironment(), encoding: 'utf8' } as const
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, tag], options)
  return { status, stderr }
}

it('a release whose tag, version, changelog and owner agree passes', () => {
  expect(check(SOUND, 'v1.2.3')).toEqual({ status: 0, stderr: '' })
})

it.each([
  [
    'a placeholder in package.json',
    { 'package.json': SOUND['package.json'].replace('acme', 'OWNER') },
    'package.json has',
  ],
  ['a placeholder in CODEOWNERS', { '.github/CODEOWNERS': '* @OWNER\n' }, '.github/CODEOWNERS has'],
  [
    'a README that says that there is no release',
    { 'README.md': 'Signalbox is not in the npm registry yet.\n' },
    'README.md says "not in the npm registry yet"',
  ],
  [
    'a README whose repository has no name',
    { 'README.md': '    git clone REPOSITORY && cd signalbox\n' },
    'README.md says "git clone REPOSITORY"',
  ],
  [
    'no section of the changelog',
    { 'CHANGELOG.md': '# Changelog\n\n## Unreleased\n' },
    'CHANGELOG.md has no section "## 1.2.3"',
  ],
])('%s is refused', (_, change, message) => {
  expect(check({ ...SOUND, ...change }, 'v1.2.3')).toEqual({
    status: 1,
    stderr: expect.stringContaining(message),
  })
})

it('a tag of another version is refused', () => {
  expect(check(SOUND, 'v1.2.4').stderr).toBe('the tag is "v1.2.4" and the version of package.json is 1.2.3\n')
})
