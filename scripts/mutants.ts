// npm run mutants:guards -- [--only WORDS] [--parallel COUNT]: puts one fault after the other into a copy of the sources, and
// runs the tests of guards that need no engine until one fails. Prints which test caught which fault. Exit code 1: a fault
// was not caught; 2: a fault cannot be put in, because its text is no longer in the sources.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { GUARD_MUTANTS, type Mutant } from './mutants/guard-mutants.ts'

const checkout = join(import.meta.dirname, '..')
const CONFIG = 'vitest.mutants.config.ts'
const PARTS = ['bin', 'src', 'test', 'scripts', 'package.json', 'tsconfig.json', CONFIG]

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, parallel: { type: 'string', default: '2' } },
})
const mutants = GUARD_MUTANTS.filter(({ fault }) => fault.includes(values.only))
const missing = mutants.filter(
  ({ file, from }) => occurrences(readFileSync(join(checkout, file), 'utf8'), from) !== 1,
)
for (const { fault, file } of missing) console.error(`${fault}: its text does not occur once in ${file}`)
if (missing.length > 0 || mutants.length === 0) process.exit(2)

interface Caught {
  readonly mutant: Mutant
  /** Which test failed first, or null: none did. */
  readonly by: string | null
}

const startedAt = performance.now()
const unchanged = await inCopies([null])
if (unchanged[0]!.by !== null) {
  console.error(`the tests fail without any fault: ${unchanged[0]!.by}`)
  process.exit(2)
}
const results = (await inCopies(mutants)) as readonly Caught[]
console.log('| fault | caught by |\n|---|---|')
for (const { mutant, by } of results) console.log(`| ${mutant.fault} | ${by ?? 'NOTHING'} |`)
const survivors = results.filter(({ by }) => by === null)
const seconds = Math.round((performance.now() - startedAt) / 1_000)
console.log(`${results.length - survivors.length} of ${results.length} faults were caught in ${seconds} s`)
if (survivors.length > 0) process.exitCode = 1

/** null: the sources as they are. */
async function inCopies(
  all: readonly (Mutant | null)[],
): Promise<{ mutant: Mutant | null; by: string | null }[]> {
  const queue = [...all.entries()]
  const found: { mutant: Mutant | null; by: string | null }[] = []
  const workers = Array.from({ length: Math.min(Number(values.parallel), all.length) }, async () => {
    const copy = copyOfSources()
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [at, mutant] = next
        found[at] = { mutant, by: await withMutant(copy, mutant, () => firstFailure(copy)) }
        if (mutant)
          process.stderr.write(`${found[at].by === null ? 'NOT CAUGHT' : 'caught'}: ${mutant.fault}\n`)
      }
    } finally {
      rmSync(copy, { recursive: true })
    }
  })
  await Promise.all(workers)
  return found
}

function copyOfSources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'signalbox-mutants-'))
  for (const name of PARTS) cpSync(join(checkout, name), join(copy, name), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function withMutant<T>(copy: string, mutant: Mutant | null, run: () => Promise<T>): Promise<T> {
  if (mutant === null) return run()
  const file = join(copy, mutant.file)
  const sound = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    sound.replace(mutant.from, () => mutant.to),
  )
  try {
    return await run()
  } finally {
    writeFileSync(file, sound)
  }
}

interface TestReport {
  readonly numTotalTests: number
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

async function firstFailure(copy: string): Promise<string | null> {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const vitest = join(checkout, 'node_modules/vitest/vitest.mjs')
  const options = ['run', '--config', CONFIG, '--bail', '1', '--reporter', 'json', '--outputFile', report]
  const child = spawn(process.execPath, [vitest, ...options], {
    cwd: copy,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [errors] = await Promise.all([
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ])
  const { success, numTotalTests, testResults } = readReport(report, errors)
  if (success && numTotalTests > 0) return null
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    const file = name.slice(name.lastIndexOf('/') + 1)
    if (failed) return `${file}: ${failed.fullName}`
    // A suite that could not even be collected says nothing about the fault.
    if (message !== '') throw new Error(`${file}: ${message}`)
  }
  throw new Error(`no test failed, and the run did not succeed: ${errors}`)
}

function readReport(path: string, errors: string): TestReport {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TestReport
  } catch (cause) {
    throw new Error(`the tests gave no report: ${errors}`, { cause })
  }
}

function occurrences(source: string, part: string): number {
  return source.split(part).length - 1
}
