// npm run conformance -- DIR [--python-path DIR]... [--pat COMMAND] [--list]: a whole repository through the test runner,
// against native CPython where python3 is at hand, and against Panther's own tool where its command is named.
import { parseArgs } from 'node:util'
import { createLog } from '../src/log.ts'
import type { DetectionResult } from '../src/model/events/test-result.ts'
import { runTests } from '../src/testing/run-tests.ts'
import { runUnitTests } from '../src/testing/unit-test-results.ts'
import { openProject, startEngine } from '../src/workspace/open-project.ts'
import { compareWithNative } from './conformance/native.ts'
import { compareWithPat } from './conformance/pat.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'python-path': { type: 'string', multiple: true, default: [] },
    pat: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})
const [root] = positionals
if (root === undefined)
  throw new Error('npm run conformance -- DIR [--python-path DIR] [--pat COMMAND] [--list]')

const log = createLog({
  format: 'pretty',
  level: 'error',
  color: false,
  write: (line) => process.stderr.write(line),
})
const loaded = await openProject({
  root,
  pythonPaths: values['python-path'],
  allowUnknownDestinations: true,
  log,
})
// Verdicts are compared, not times, so the limits are so large that a busy machine changes no verdict.
const limits = { ...loaded.settings.limits, timeMs: 60_000 }
const project = { ...loaded, settings: { ...loaded.settings, limits } }
const engine = await startEngine(project, 'test', log)
const results = await runTests(project, engine, {
  selection: { detections: () => true, tests: () => true, minimumTests: 0 },
  allowUnknownDestinations: true,
  failOnProblems: false,
})
const units = await runUnitTests(project, engine, () => true)
await engine.close()
const native = await compareWithNative(project, results)
const pat = values.pat === undefined ? null : await compareWithPat(values.pat, root, results)

const isPython = ({ id }: DetectionResult) => project.detections.get(id)?.body != null
const isCorrelation = ({ type }: DetectionResult) => type === 'correlation_rule'
const errors = project.problems.filter(({ severity }) => severity === 'error')
const rows: [string, string][] = [
  ['tests with a Python body', passed(results.filter(isPython))],
  ['errors of other functions in tests that alert', String(auxiliaryErrors(results))],
  ['simple-detection tests', passed(results.filter((each) => !isPython(each) && !isCorrelation(each)))],
  ['correlation tests', passed(results.filter(isCorrelation))],
  ['unit tests of helpers and data models', passed(units)],
  ['files with an error', String(errors.length)],
  ['detections invalid', String(results.filter(({ status }) => status === 'invalid').length)],
  ['outputs equal to native CPython', native ? nativeRow(native) : 'not compared: no python3'],
  ['verdicts equal to pat', pat ? equal(pat.verdicts) : 'not compared: no --pat'],
  ['outputs equal to those pat printed', pat ? equal(pat.outputs) : 'not compared: no --pat'],
  ['tests that pat did not run', pat ? String(pat.notRun.length) : 'not compared: no --pat'],
]
console.log(`| what | result |\n|---|---|`)
for (const row of rows) console.log(`| ${row.join(' | ')} |`)
if (values.list) {
  printList(
    'fail',
    [...results, ...units].flatMap(({ id, tests }) =>
      tests.filter(({ status }) => status === 'failed').map(({ name }) => `${id}: ${name}`),
    ),
  )
  printList('invalid', [
    ...errors.map(({ file, message }) => `${file}: ${message}`),
    ...results.flatMap(({ id, problems }) => problems.map(({ message }) => `${id}: ${message}`)),
  ])
  printList('differ from native CPython', native?.different ?? [])
  printList('differ between native runs, too', native?.unstable ?? [])
  printList('verdicts differ from pat', pat?.verdicts.different ?? [])
  printList('outputs differ from those pat printed', pat?.outputs.different ?? [])
  printList('pat did not run', pat?.notRun ?? [])
}
const isFine =
  results.every(({ status }) => status !== 'failed' && status !== 'invalid') &&
  units.every(({ status }) => status !== 'failed' && status !== 'invalid') &&
  errors.length === 0 &&
  (native?.different.length ?? 0) + (pat?.verdicts.different.length ?? 0) === 0
process.exitCode = isFine ? 0 : 1

function passed(of: readonly DetectionResult[]): string {
  const tests = of.flatMap((result) => result.tests)
  const invalid = of.filter(({ status }) => status === 'invalid').length
  const counted = `${tests.filter(({ status }) => status === 'passed').length} of ${tests.length}`
  return invalid > 0 ? `${counted}; ${invalid} files could not be loaded` : counted
}

function auxiliaryErrors(of: readonly DetectionResult[]): number {
  return of
    .flatMap(({ tests }) => tests.flatMap(({ failures }) => failures))
    .filter(({ what }) => what === 'function').length
}

function equal({ compared, different }: { compared: number; different: readonly string[] }): string {
  return `${compared - different.length} of ${compared}`
}

function nativeRow({ compared, different, unstable, python }: NonNullable<typeof native>): string {
  const same = compared - different.length - unstable.length
  return `${same} of ${compared} (CPython ${python}); ${unstable.length} differ between native runs, too`
}

function printList(what: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log(`\n${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}
