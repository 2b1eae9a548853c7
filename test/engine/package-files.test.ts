/** Packages in the file system of an interpreter: what is written to one reaches no other. */
import { expect, it } from 'vitest'
import { installPackages } from '../../src/engine/package-files.ts'
import { NO_PACKAGES } from '../../src/model/packages.ts'

it('gives each interpreter a copy of its own', () => {
  const bytes = new SharedArrayBuffer(4)
  new Uint8Array(bytes).set([1, 2, 3, 4])
  const set = { ...NO_PACKAGES, bytes, files: [{ path: '0/a.py', at: 1, length: 2 }] }
  const install = () => {
    const written = new Map<string, Uint8Array>()
    installPackages({ mkdirTree: () => {}, writeFile: (path, data) => void written.set(path, data) }, set)
    return written.get('/packages/0/a.py')!
  }
  const first = install()
  first.fill(9)
  expect([...install()]).toEqual([2, 3])
  expect([...new Uint8Array(bytes)]).toEqual([1, 2, 3, 4])
})
