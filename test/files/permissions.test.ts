/** Which files others can read: by their own permissions and by those of every folder above. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { readableByOthers } from '../../src/files/permissions.ts'

let root: string
beforeEach(() => {
  // The folders of a test run are closed to others, so nothing in them could be reached.
  root = mkdtempSync('/tmp/signalbox-permissions-')
  onTestFinished(() => rmSync(root, { recursive: true }))
  chmodSync(root, 0o755)
})

it('the reported permissions are those that a file and all folders above it give to others', () => {
  const make = (path: string, mode: number, folderMode: number) => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), '')
    chmodSync(join(root, path), mode)
    chmodSync(join(root, path, '..'), folderMode)
    return join(root, path)
  }
  const open = make('open/file', 0o604, 0o755)
  const files = [
    open,
    open,
    make('own/file', 0o600, 0o755),
    make('group/file', 0o640, 0o755),
    make('closed/file', 0o644, 0o700),
    make('outer/inner/file', 0o644, 0o755),
    join(root, 'open'),
    join(root, 'missing'),
  ]
  chmodSync(join(root, 'outer'), 0o750)
  expect(readableByOthers(files)).toEqual([open])
})
