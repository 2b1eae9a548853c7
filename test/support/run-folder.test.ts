/** A test run writes only to the folder of the run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { processEnvironment, snapshotFolder } from '../../src/config/files/environment.ts'
import { commandEnvironment, runCommand } from './process.ts'
import { filesIn } from './run-folder.ts'

const folder = inject('runFolder')

it('The home, the cache and the temporary files of tests and of commands lie in the folder of the run.', () => {
  const { HOME, XDG_CACHE_HOME, TMPDIR } = commandEnvironment()
  const paths = [
    homedir(),
    tmpdir(),
    snapshotFolder(processEnvironment()).folder,
    HOME,
    XDG_CACHE_HOME,
    TMPDIR,
  ]
  expect(paths.filter((path) => !path!.startsWith(join(folder, '/')))).toEqual([])
})

it('Starting Python writes to the cache of the run and leaves the cache of the user alone.', async () => {
  const project = join(folder, 'project-without-packages')
  mkdirSync(project)
  writeFileSync(
    join(project, 'rule.yml'),
    'AnalysisType: rule\nRuleID: Mine\nFilename: rule.py\nEnabled: true\nSeverity: Low\nLogTypes: [A.B]\n',
  )
  // A body of its own gives the project a snapshot of its own.
  writeFileSync(join(project, 'rule.py'), `def rule(event): return ${JSON.stringify(folder)} in event\n`)
  const images = snapshotFolder(processEnvironment()).folder
  const before = new Set(filesIn(images))
  expect(await runCommand(['test', '--project', project])).toMatchObject({ code: 0 })
  // The entries are compared by name, because a full cache removes an old entry for each new one.
  expect(filesIn(images).filter((file) => !before.has(file))).not.toEqual([])

  const { folder: userCache, files } = inject('userCache')
  expect(filesIn(userCache)).toEqual(files)
})
