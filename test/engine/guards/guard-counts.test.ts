/** How much the guards of the example project decide. It may not become less. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { countGuards, type GuardCounts } from '../../../scripts/conformance/guard-counts.ts'
import { nullLog } from '../../../src/model/ports.ts'
import { openProject } from '../../../src/workspace/open-project.ts'
import { describeWithPython } from './python-answers.ts'

const ROOT = join(import.meta.dirname, '../../..')
const FILE = join(import.meta.dirname, 'guard-counts.json')

/** Type -> the counts that were reached. Where more is reached, the file is changed with it. */
const reached = JSON.parse(readFileSync(FILE, 'utf8')) as Record<
  string,
  Pick<GuardCounts, 'guarded' | 'silent'>
>

describeWithPython('guards of the example project', () => {
  it('decide as many cases as before', async () => {
    const counts = countGuards(await openProject({ root: ROOT, log: nullLog }))
    const isLess = ([type, { guarded, silent }]: [string, Pick<GuardCounts, 'guarded' | 'silent'>]) =>
      (counts[type]?.guarded ?? 0) < guarded || (counts[type]?.silent ?? 0) < silent
    expect(Object.keys(reached)).not.toEqual([])
    expect(Object.entries(reached).filter(isLess)).toEqual([])
  })
})
