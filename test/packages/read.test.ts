/** Folders and wheels -> the set of files that workers get. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PackageSet } from '../../src/model/project/packages.ts'
import { readLock } from '../../src/packages/lock.ts'
import { readPackages } from '../../src/packages/read.ts'
import { archive, folderWith, wheel } from './_wheels.ts'

function contents({ files, bytes }: PackageSet): Record<string, string> {
  const text = (at: number, length: number) => Buffer.from(new Uint8Array(bytes, at, length)).toString()
  return Object.fromEntries(files.map(({ path, offset, length }) => [path, text(offset, length)]))
}

describe('[SEC-5.2] a folder', () => {
  it('gives its modules and packages with their data, and nothing else that lies in it', () => {
    const folder = folderWith({
      'single.py': 'ONE = 1',
      'pack/__init__.py': '',
      'pack/data/table.json': '{}',
      'space/inner/module.py': 'TWO = 2',
      'pack-1.0.dist-info/METADATA': 'Name: pack',
      'secrets/key': 'secret',
      '.env': 'secret',
      'notes.txt': 'secret',
      'pack/.hidden': 'secret',
      'pack/__pycache__/x.cpython-314.pyc': 'cached',
    })
    const set = readPackages([folder])
    expect(contents(set)).toEqual({
      '0/single.py': 'ONE = 1',
      '0/pack/__init__.py': '',
      '0/pack/data/table.json': '{}',
      '0/pack-1.0.dist-info/METADATA': 'Name: pack',
      '0/space/inner/module.py': 'TWO = 2',
    })
    expect(set.modules).toEqual(new Set(['single', 'pack', 'space']))
  })

  it('readPackages skips compiled files', () => {
    const folder = folderWith({
      'fast/__init__.py': '',
      'fast/_core.cpython-314-x86_64-linux-gnu.so': 'ELF',
      'raw.so': 'ELF',
    })
    const set = readPackages([folder])
    expect(Object.keys(contents(set))).toEqual(['0/fast/__init__.py'])
  })

  it('gives nothing that a link leads to outside of it, and walks no loop of links', () => {
    const outside = folderWith({ key: 'secret', 'module.py': 'secret' })
    const folder = folderWith({ 'pack/__init__.py': '', 'pack/real.txt': 'data' })
    symlinkSync(join(outside, 'key'), join(folder, 'pack/key'))
    symlinkSync(join(outside, 'module.py'), join(folder, 'module.py'))
    symlinkSync('real.txt', join(folder, 'pack/alias.txt'))
    symlinkSync('.', join(folder, 'pack/loop'))
    symlinkSync('nowhere', join(folder, 'pack/broken'))
    expect(contents(readPackages([folder]))).toEqual({
      '0/pack/__init__.py': '',
      '0/pack/real.txt': 'data',
      '0/pack/alias.txt': 'data',
    })
  })

  it('a wheel that is a link out of the folder is refused with the code of the link', () => {
    const folder = folderWith({ 'pack/__init__.py': '' })
    symlinkSync(join(folderWith({ key: 'secret' }), 'key'), join(folder, 'b-1-py3-none-any.whl'))
    expect(() => readPackages([folder])).toThrow(expect.objectContaining({ code: 'outside-project' }))
  })

  it('a lock that is a link out of the project is refused with the code of the link', () => {
    const project = folderWith({})
    const lock = join(project, 'python-packages.lock')
    symlinkSync(join(folderWith({ key: 'secret' }), 'key'), lock)
    expect(() => readLock(lock, project)).toThrow(expect.objectContaining({ code: 'outside-project' }))
  })

  it('a folder with the size of a whole disk is refused', () => {
    const folder = folderWith({ 'pack/__init__.py': '', 'pack/a': '', 'pack/b': 'x'.repeat(2_000) })
    expect(() => readPackages([folder], { files: 2, bytes: 5_000 })).toThrow(
      /exceed \d+ files or .* at .*pack/,
    )
    expect(() => readPackages([folder], { files: 9, bytes: 1_000 })).toThrow(
      /exceed \d+ files or .* at .*pack/,
    )
  })
})

describe('[SEC-5.2] wheels', () => {
  const files = { 'pack/__init__.py': 'ONE = 1', 'pack-1.0.data/purelib/extra.py': 'TWO = 2' }

  it('named, or lying in a folder, are roots of their own', () => {
    const folder = folderWith({
      'pack-1.0-py3-none-any.whl': wheel('pack', '1.0', { files }),
      'vendor/other-2.0-py2.py3-none-any.whl': wheel('other', '2.0', { files: { 'other.py': '' } }),
      'vendor/plain.py': '',
    })
    const set = readPackages([join(folder, 'pack-1.0-py3-none-any.whl'), join(folder, 'vendor')])
    expect(Object.keys(contents(set)).sort()).toEqual([
      '0/extra.py',
      '0/pack-1.0.dist-info/METADATA',
      '0/pack-1.0.dist-info/RECORD',
      '0/pack/__init__.py',
      '1/plain.py',
      '2/other-2.0.dist-info/METADATA',
      '2/other-2.0.dist-info/RECORD',
      '2/other.py',
    ])
    expect(set.roots).toBe(3)
  })

  it.each([
    [
      'compiled',
      'pack-1.0-cp314-cp314-linux_x86_64.whl',
      wheel('pack', '1.0'),
      /requires a compiled extension/,
    ],
    ['no archive', 'pack-1.0-py3-none-any.whl', Buffer.from('not a zip'), /^cannot unpack pack-1/],
    [
      'writing outside of itself',
      'pack-1.0-py3-none-any.whl',
      archive({ '../../etc/x.py': '' }),
      /contains a path outside the wheel/,
    ],
    [
      'writing to an absolute path',
      'pack-1.0-py3-none-any.whl',
      archive({ '/etc/x.py': '' }),
      /contains a path outside the wheel/,
    ],
  ])('a wheel that is %s is refused', (_, name, bytes, message) => {
    const folder = folderWith({ [name]: bytes })
    expect(() => readPackages([join(folder, name)])).toThrow(message)
  })

  it('wheels that unpack to more than the limit are refused before they are unpacked', () => {
    const folder = folderWith({ 'bomb-1.0-py3-none-any.whl': archive({ 'bomb.py': 'x'.repeat(2_000) }) })
    expect(() => readPackages([folder], { files: 9, bytes: 1_000 })).toThrow(/exceed 9 files/)
  })
})

describe('[SEC-5.2] the digest', () => {
  it('is that of the content, and of nothing else', () => {
    const digest = (files: Record<string, string>) => readPackages([folderWith(files)]).digest
    const one = digest({ 'a.py': '1', 'b.py': '2' })
    expect(digest({ 'b.py': '2', 'a.py': '1' })).toBe(one)
    expect(digest({ 'a.py': '12', 'b.py': '' })).not.toBe(one)
    expect(digest({ 'a.py': '1', 'c.py': '2' })).not.toBe(one)
  })
})
