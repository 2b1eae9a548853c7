// npm run test:repeat -- --help: runs the whole suite again and again in a fresh clone, to find tests that fail by chance.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const HELP = `Runs the tests of the committed state in a fresh clone, again and again, and prints a table of the runs.

  npm run test:repeat -- [options] [-- arguments of vitest]

  --runs N      how often (5)
  --load        beside two processes per core that never rest
  --alternate   beside that load in every second run
  --keep        keeps the clone and its reports, and says where they are
  --help

Example: npm run test:repeat -- --runs 20 --alternate
The exit code is 1 when any run failed.
`
const LOAD_PROCESSES_PER_CORE = 2
const REPOSITORY = join(import.meta.dirname, '..')

interface RunResult {
  readonly run: number
  readonly load: number
  readonly seconds: number
  readonly tests: number
  readonly failures: readonly string[]
}

interface Report {
  readonly numTotalTests: number
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    load: { type: 'boolean', default: false },
    alternate: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else process.exitCode = await repeat(Number(values.runs))

async function repeat(runs: number): Promise<number> {
  if (!Number.isSafeInteger(runs) || runs < 1) throw new Error('--runs is a whole number above 0')
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-repeat-'))
  const clone = join(folder, 'signalbox')
  execFileSync('git', ['clone', '--quiet', REPOSITORY, clone], { stdio: 'inherit' })
  execFileSync('npm', ['ci', '--silent'], { cwd: clone, stdio: 'inherit' })
  const results: RunResult[] = []
  for (let run = 1; run <= runs; run++) {
    const isLoaded = values.alternate ? run % 2 === 0 : values.load
    const result = await runSuite(run, clone, join(folder, `run-${run}.json`), isLoaded)
    results.push(result)
    console.log(rowOf(result))
  }
  console.log(`\n${tableOf(results)}`)
  if (values.keep) console.log(`\nreports: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
  return results.some(({ failures }) => failures.length > 0) ? 1 : 0
}

async function runSuite(run: number, clone: string, file: string, isLoaded: boolean): Promise<RunResult> {
  const load = isLoaded ? startLoad() : []
  const startedAt = performance.now()
  try {
    const args = ['run', '--reporter=json', `--outputFile.json=${file}`, ...positionals]
    const code = await ended(
      spawn(process.execPath, [join('scripts', 'run.cjs'), 'vitest', ...args], {
        cwd: clone,
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    )
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    return { run, load: load.length, seconds, ...read(file, code) }
  } finally {
    await Promise.all(load.map((child) => end(child)))
  }
}

function read(file: string, code: number | null): Pick<RunResult, 'tests' | 'failures'> {
  let report: Report
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    return { tests: 0, failures: [`vitest ended with ${code} and left no report`] }
  }
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const path = name.replace(/^.*?\/(?=test\/|examples\/)/, '')
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length > 0) return failed.map(({ fullName }) => `${path} > ${fullName}`)
    return status === 'failed' ? [`${path}: ${message.split('\n')[0]}`] : []
  })
  // An error outside of any test, such as a promise that was rejected and never looked at.
  if (code !== 0 && failures.length === 0) failures.push(`vitest ended with ${code}`)
  return { tests: report.numTotalTests, failures }
}

function startLoad(): ChildProcess[] {
  const count = LOAD_PROCESSES_PER_CORE * availableParallelism()
  return Array.from({ length: count }, () =>
    spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' }),
  )
}

async function end(child: ChildProcess): Promise<void> {
  const over = ended(child)
  child.kill('SIGKILL')
  await over
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
}

function rowOf({ run, load, seconds, tests, failures }: RunResult): string {
  const cells = [String(run), load === 0 ? 'none' : `${load} busy processes`, String(seconds), String(tests)]
  return `| ${[...cells, failures.length === 0 ? 'none' : failures.join('<br>')].join(' | ')} |`
}

function tableOf(results: readonly RunResult[]): string {
  const head = '| run | load | seconds | tests | failures |\n|---|---|---|---|---|'
  return [head, ...results.map(rowOf)].join('\n')
}
