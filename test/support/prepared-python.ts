/**
 * The global setup of the tests that start Python: it fills the cache of the run once. The first start of Python takes
 * seconds, and every test finds its snapshot. It needs the folder of the run (`run-folder.ts`), which is set up before.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMMAND } from './process.ts'

const SPEC = `AnalysisType: rule
RuleID: First
Filename: first.py
Enabled: true
Severity: Low
LogTypes: [A.B]
Tests: [{ Name: matches, ExpectedResult: true, Log: {} }]
`

/** Several projects of tests need it, and each runs this module as a module of its own, in the same process. */
const shared = globalThis as { signalboxPrepared?: string }

export default function setup(): void {
  const cache = process.env.XDG_CACHE_HOME!
  if (shared.signalboxPrepared === cache) return
  const project = mkdtempSync(join(tmpdir(), 'signalbox-first-'))
  mkdirSync(join(project, 'rules'))
  writeFileSync(join(project, 'signalbox.yaml'), 'workers: 1\n')
  writeFileSync(join(project, 'rules', 'first.py'), 'def rule(event): return True\n')
  writeFileSync(join(project, 'rules', 'first.yml'), SPEC)
  const args = [COMMAND, 'test', '--project', project]
  const { status, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the cache of the run could not be filled: ${stderr}`, { cause: error })
  shared.signalboxPrepared = cache
}
