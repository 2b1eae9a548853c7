/** `validate --pat`: reports what is valid here, but panther_analysis_tool rejects or does not search. */
import { dirname } from 'node:path'
import { filesSearchedByPat, projectPath } from '../files/discover.ts'
import type { ProblemList } from '../files/problems.ts'
import { child, toValue } from '../yaml/yaml.ts'
import type { Spec } from './spec.ts'
import { EXPECTATION_NAMES } from './test-cases.ts'

/** The one expectation that its schema of rules accepts inline. */
const INLINE_EXPECTATION = 'ExpectedDestinations'

export async function reportPatIncompatibilities(
  specs: readonly Spec[],
  root: string,
  problems: ProblemList,
): Promise<void> {
  for (const spec of specs) {
    warnSeveritySpelling(spec, problems)
    warnExpectations(spec, problems)
  }
  warnUnsearchedFolders(specs, root, await filesSearchedByPat(root), problems)
}

function warnSeveritySpelling({ node, source }: Spec, problems: ProblemList): void {
  const value = child(node, 'Severity')
  const text = value && toValue(value)
  if (!value || typeof text !== 'string' || /^[A-Z][a-z]+$/.test(text)) return
  const spelling = text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()
  problems.error(source, value.offset, {
    code: 'pat-severity',
    message: `panther_analysis_tool rejects the spelling ${text}`,
    hint: `write ${spelling}`,
  })
}

function warnExpectations({ node, source, type }: Spec, problems: ProblemList): void {
  const tests = child(node, 'Tests')
  if (tests?.kind !== 'sequence') return
  const taken = type === 'rule' || type === 'scheduled_rule' ? INLINE_EXPECTATION : null
  for (const test of tests.items) {
    if (test.kind !== 'mapping') continue
    for (const [key, { keyOffset }] of test.entries) {
      if (!EXPECTATION_NAMES.includes(key) || key === taken) continue
      problems.error(source, keyOffset, {
        code: 'pat-expectation',
        message: `panther_analysis_tool rejects a file whose tests have ${key}`,
        hint: `move it into ${expectationsFileName(source.file)}, under the name of the test`,
      })
    }
  }
}

/** Warns once per folder. */
function warnUnsearchedFolders(
  specs: readonly Spec[],
  root: string,
  searched: ReadonlySet<string>,
  problems: ProblemList,
): void {
  const files = specs.map(({ path }) => projectPath(root, path)).filter((file) => !file.startsWith('../../'))
  const unsearched = Map.groupBy(files, dirname)
  for (const [folder, [first, ...others]] of unsearched) {
    if (searched.has(first!)) continue
    problems.file('warning', first!, {
      code: 'pat-folder',
      message: `panther_analysis_tool does not search ${folder} when it runs on "." (${1 + others.length} files)`,
      hint: 'use a directory whose path contains rules, policies, queries, data_models, lookup_tables or global_helpers',
    })
  }
}

function expectationsFileName(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.[^.]+$/, '.expect.yml')
}
