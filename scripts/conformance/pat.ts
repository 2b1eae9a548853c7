// Runs Panther's own tool on a copy of the repository and compares its printed verdicts and outputs with those of
// Signalbox, line by line.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import type { FunctionName } from '../../src/model/alerts/finding.ts'
import type { DetectionResult, TestResult } from '../../src/model/events/test-result.ts'

/** The name of each function in its output, and the name in Signalbox. */
const NAMES: Readonly<Record<string, FunctionName>> = {
  rule: 'detection',
  policy: 'detection',
  title: 'title',
  dedup: 'dedup',
  alertContext: 'alert_context',
  description: 'description',
  reference: 'reference',
  severity: 'severity',
  runbook: 'runbook',
  destinations: 'destinations',
  unique: 'unique',
}
const HELPERS = join(import.meta.dirname, '../../src/engine/python/panther_detection_helpers')

export interface PatTest {
  readonly detection: string
  readonly name: string
  readonly passed: boolean
  readonly outputs: Readonly<Record<string, string>>
}

export interface PatComparison {
  readonly verdicts: { readonly compared: number; readonly different: readonly string[] }
  readonly outputs: { readonly compared: number; readonly different: readonly string[] }
  /** The tests that Signalbox ran and the tool did not. */
  readonly notRun: readonly string[]
}

export async function compareWithPat(
  command: string,
  root: string,
  results: readonly DetectionResult[],
): Promise<PatComparison> {
  const patTests = readPat(await runPat(command, root), new Set(results.map(({ id }) => id)))
  const byName = new Map(patTests.map((test) => [`${test.detection}: ${test.name}`, test]))
  const ours = results.flatMap(({ id, tests }) => tests.map((test) => ({ id, test })))
  const both = ours.flatMap(({ id, test }) => {
    const theirs = byName.get(`${id}: ${test.name}`)
    return theirs ? [{ id, test, theirs }] : []
  })
  const outputs = both.flatMap(({ id, test, theirs }) => outputPairs(id, test, theirs))
  const named = ({ id, test }: { id: string; test: TestResult }) => `${id}: ${test.name}`
  return {
    verdicts: {
      compared: both.length,
      different: both.filter(({ test, theirs }) => (test.status === 'passed') !== theirs.passed).map(named),
    },
    outputs: {
      compared: outputs.length,
      different: outputs.filter(({ isEqual }) => !isEqual).map(({ name }) => name),
    },
    notRun: ours.map(named).filter((name) => !byName.has(name)),
  }
}

async function runPat(command: string, root: string): Promise<string> {
  const parent = mkdtempSync(join(tmpdir(), 'signalbox-conformance-'))
  const copy = join(parent, basename(root))
  try {
    cpSync(root, copy, { recursive: true, filter: (path) => basename(path) !== '.git' })
    lendHelpers(parent)
    const [program = '', ...rest] = command.split(' ')
    const child = spawn(program, [...rest, '--skip-version-check', 'test', '--path', '.'], {
      cwd: copy,
      env: { ...process.env, TZ: 'UTC', PYTHONHASHSEED: '0', PYTHONPATH: parent },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const failed = new Promise<never>((_, reject) => child.on('error', reject))
    return await Promise.race([text(child.stdout), failed])
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
}

/** The caching helpers of Signalbox are last on its path, so those of Panther are used if they are installed. */
function lendHelpers(folder: string): void {
  const lent = join(folder, 'lent')
  cpSync(HELPERS, join(lent, basename(HELPERS)), { recursive: true })
  writeFileSync(join(folder, 'sitecustomize.py'), `import sys\nsys.path.append(${JSON.stringify(lent)})\n`)
}

/**
 * The id of a detection is at the margin, its tests have one tab, and their functions two. Further lines of a text
 * begin at the margin.
 */
export function readPat(printed: string, ids: ReadonlySet<string>): PatTest[] {
  const tests: { detection: string; name: string; passed: boolean; outputs: Record<string, string> }[] = []
  let detection = ''
  let output: string | null = null
  for (const line of stripVTControlCharacters(printed).split('\n')) {
    if (line.startsWith('-----')) break
    const test = /^\t\[(PASS|FAIL)\] (.*)$/.exec(line)
    const said = /^\t\t\[(?:PASS|FAIL)\] \[(\w+)\] (.*)$/.exec(line)
    const current = tests.at(-1)
    if (test) {
      tests.push({ detection, name: test[2]!, passed: test[1] === 'PASS', outputs: {} })
      output = null
    } else if (said && current) {
      output = said[1]!
      current.outputs[output] = said[2]!
    } else if (ids.has(line)) {
      detection = line
      output = null
    } else if (line === '') output = null
    else if (output !== null && current) current.outputs[output] += `\n${line}`
  }
  return tests
}

/** Compares the printed text with the text that the tool would have printed for the outputs of Signalbox. */
function outputPairs(id: string, test: TestResult, { outputs }: PatTest) {
  return Object.entries(outputs).map(([label, theirs]) => {
    const ours = printedOf(id, test, NAMES[label])
    return { name: `${id}: ${test.name}: ${label}`, isEqual: isSame(ours, theirs) }
  })
}

function printedOf(
  id: string,
  { functions }: TestResult,
  name: FunctionName | undefined,
): string | undefined {
  if (name === undefined) return undefined
  const output = functions[name]?.output
  // If there is no dedup, it prints the value that is used instead.
  if (name === 'dedup') return String(output || functions.title?.output || `defaultDedupString:${id}`)
  return typeof output === 'string' ? output : JSON.stringify(output)
}

/** Contexts are JSON with other spacing. */
function isSame(ours: string | undefined, theirs: string): boolean {
  if (ours === theirs) return true
  return ours !== undefined && compact(ours) === compact(theirs)
}

function compact(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return null
  }
}
