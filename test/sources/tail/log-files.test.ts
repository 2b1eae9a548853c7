/** Which files of a log are found while rotation renames them. */
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { nullLog } from '../../../src/model/ports.ts'
import { LogFiles } from '../../../src/sources/tail/log-files.ts'

/** A log, and its rotated file, which is renamed in so many listings, after the names were read. */
function logRenamedWhileListed(renames: number) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-log-files-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'app.log')
  writeFileSync(path, 'new\n')
  writeFileSync(`${path}.1`, 'old\n')
  // The warning of a file beside the log comes between the names and the look at the files.
  let renamed = 0
  const placeForeignFile = () => writeFileSync(`${path}.foreign-${renamed}`, '')
  placeForeignFile()
  const warn = () => {
    if (renamed === renames) return
    renameSync(`${path}.${renamed + 1}`, `${path}.${renamed + 2}`)
    renamed++
    placeForeignFile()
  }
  return { path, files: new LogFiles(path, null, 'app', { ...nullLog, warn }) }
}

it('a file that is renamed while the files are listed is found under its new name', async () => {
  const { path, files } = logRenamedWhileListed(3)
  expect((await files.list([])).map((file) => file.path)).toEqual([`${path}.4`, path])
  expect(files.haveNamesMoved).toBe(false)
})

it('files that are renamed in every listing are not listed for ever, and the listing counts for nothing', async () => {
  const { path, files } = logRenamedWhileListed(1000)
  expect((await files.list([])).at(-1)).toMatchObject({ path })
  expect(files.haveNamesMoved).toBe(true)
})

it('a file that is renamed after it was listed cannot be opened, until it is listed again', async () => {
  const { path, files } = logRenamedWhileListed(0)
  const [old] = await files.list([])
  renameSync(`${path}.1`, `${path}.2`)
  expect(await files.open(old!)).toBeNull()
  expect(files.haveNamesMoved).toBe(true)
  await files.list([])
  expect(files.haveNamesMoved).toBe(false)
})
