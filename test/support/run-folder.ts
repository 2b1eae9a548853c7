/**
 * The global setup of a test run. It makes one folder for the run with a home, a cache and a place for temporary
 * files, fills the cache once, and removes the folder at the end. Nothing depends on what the user already has.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { processEnvironment, snapshotFolder } from '../../src/config/env-file.ts'
import { COMMAND } from './process.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of this run. */
    runFolder: string
    /** The user's own cache of Signalbox, and the files that it held before the run. */
    userCache: { readonly folder: string; readonly files: readonly string[] }
  }
}

/** What tests may see of the user's environment: no credentials, no proxies, no options of a CI system. */
const KEPT =
  /^(PATH|PATHEXT|SystemRoot|CI|TERM|COLORTERM|FORCE_COLOR|NO_COLOR|LANG|LC_\w+|TZ|NODE_\w+|VITEST\w*|TEST|DEV|PROD|MODE|SSR|BASE_URL)$/

export default function setup(project: TestProject): () => void {
  const userCache = dirname(snapshotFolder(processEnvironment()).folder)
  project.provide('userCache', { folder: userCache, files: filesIn(userCache) })

  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tests-'))
  project.provide('runFolder', folder)
  const folders = {
    HOME: join(folder, 'home'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    TMPDIR: join(folder, 'tmp'),
  }
  for (const path of Object.values(folders)) mkdirSync(path)
  const before = process.env
  // Workers and commands that start from now on inherit this environment.
  process.env = {
    ...Object.fromEntries(Object.entries(before).filter(([name]) => KEPT.test(name))),
    ...folders,
  }
  fillCache(folder)

  return () => {
    process.env = before
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Every file below the folder, none where the folder is missing. */
export function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : []
}

/** The first start of Python takes seconds. All tests that start it later find its snapshot in the cache. */
function fillCache(folder: string): void {
  const root = join(folder, 'first')
  mkdirSync(join(root, 'rules'), { recursive: true })
  writeFileSync(join(root, 'signalbox.yaml'), 'workers: 1\n')
  writeFileSync(join(root, 'rules', 'first.py'), 'def rule(event): return True\n')
  writeFileSync(
    join(root, 'rules', 'first.yml'),
    'AnalysisType: rule\nRuleID: First\nFilename: first.py\nEnabled: true\nSeverity: Low\nLogTypes: [A.B]\n' +
      'Tests: [{ Name: matches, ExpectedResult: true, Log: {} }]\n',
  )
  const { status, stderr, error } = spawnSync(process.execPath, [COMMAND, 'test', '--project', root], {
    encoding: 'utf8',
  })
  if (status !== 0)
    throw new Error(`the cache of the test run could not be filled: ${stderr}`, { cause: error })
}
