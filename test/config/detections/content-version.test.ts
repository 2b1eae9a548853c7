/** Versions change with what a detection is made of, and with nothing else. */
import { describe, expect, it } from 'vitest'
import { importedNames } from '../../../src/config/detections/content-version.ts'
import { load, rule } from '../_project.ts'

const FILES = {
  'rules/a.yml': rule('A'),
  'rules/body.py': 'from one import f\ndef rule(event):\n    return f(event)\n',
  'global_helpers/one.yml': 'AnalysisType: global\nGlobalID: one\nFilename: one.py\n',
  'global_helpers/one.py': 'import two as t\n',
  'global_helpers/two.yml': 'AnalysisType: global\nGlobalID: two\nFilename: two.py\n',
  'global_helpers/two.py': 'import one\nX = 1\n',
  'global_helpers/three.yml': 'AnalysisType: global\nGlobalID: three\nFilename: three.py\n',
  'global_helpers/three.py': 'X = 1\n',
}

async function versionOf(change: Partial<Record<keyof typeof FILES | 'README.md', string>>): Promise<string> {
  const project = await load({ ...FILES, ...change })
  return project.detections.get('A')!.version
}

describe('a version', () => {
  it('a version has 32 base-62 characters, the same each time', async () => {
    const version = await versionOf({})
    expect(version).toMatch(/^[0-9A-Za-z]{32}$/)
    expect(await versionOf({ 'README.md': 'x' })).toBe(version)
  })

  it.each([
    ['rules/a.yml', `${FILES['rules/a.yml']}# a comment\n`, true],
    ['rules/body.py', `${FILES['rules/body.py']}\n`, true],
    ['global_helpers/one.py', 'import two\nY = 2\n', true],
    ['global_helpers/two.py', 'X = 2\n', true],
    ['global_helpers/three.py', 'X = 2\n', false],
  ] as const)('a detection with another %s has another version: %s', async (file, text, changes) => {
    expect((await versionOf({ [file]: text })) !== (await versionOf({}))).toBe(changes)
  })
})

describe('importedNames', () => {
  it.each([
    ['import a', ['a']],
    ['import a.b as c, d', ['a.b', 'd']],
    ['from a.b import (\n  c,\n)', ['a.b']],
    ['def f():\n    from a import b', ['a']],
    ['    import a # why', ['a']],
    ['x = "from a import b"', []],
    ['important = 1', []],
  ])('%j', (source, names) => {
    expect(importedNames(source)).toEqual(names)
  })
})
