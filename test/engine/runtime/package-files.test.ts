/** Packages in the file system of an interpreter: what is written to one reaches no other. */
import { expect, it } from 'vitest'
import { installPackages, removePackages } from '../../../src/engine/runtime/package-files.ts'
import { NO_PACKAGES } from '../../../src/model/project/packages.ts'

it('[SEC-1.4] each interpreter has its own copy of the packages', () => {
  const bytes = new SharedArrayBuffer(4)
  new Uint8Array(bytes).set([1, 2, 3, 4])
  const set = { ...NO_PACKAGES, bytes, files: [{ path: '0/a.py', offset: 1, length: 2 }] }
  const install = () => {
    const written = new Map<string, Uint8Array>()
    const files = { mkdirTree: () => {}, unlink: () => {}, rmdir: () => {} }
    installPackages({ ...files, writeFile: (path, data) => void written.set(path, data) }, set)
    return written.get('/packages/0/a.py')!
  }
  const first = install()
  first.fill(9)
  expect([...install()]).toEqual([2, 3])
  expect([...new Uint8Array(bytes)]).toEqual([1, 2, 3, 4])
})

it('[SEC-1.4] packages are removed with their folders, so that none can be imported', () => {
  const removed: string[] = []
  const remove = (path: string) => void removed.push(path)
  const files = ['0/a/b/c.py', '0/a/d.py', '1/e.py'].map((path) => ({ path, offset: 0, length: 0 }))
  const FS = { mkdirTree: () => {}, writeFile: () => {}, unlink: remove, rmdir: remove }
  removePackages(FS, { ...NO_PACKAGES, files })
  expect(removed).toEqual([
    '/packages/0/a/b/c.py',
    '/packages/0/a/d.py',
    '/packages/1/e.py',
    '/packages/0/a/b',
    '/packages/0/a',
    '/packages/0',
    '/packages/1',
  ])
})
