// npm run chaos:rotation: the ledger of followed logs that the real logrotate rotates.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROTATION_MODES, type RotationMode } from '../test/chaos/rotation-modes.ts'
import { type RotationReport, runRotation } from '../test/chaos/run-rotation.ts'

const HELP = `usage: npm run chaos:rotation -- [options]

Follows a log with several writers that keep their descriptors over rotations while logrotate rotates it, often several
times between two looks, beside copies and files of other programs; the daemon is killed (kill -9) and stopped
(SIGSTOP). Then every line that was written is compared with what the store counted.

  --seeds N        how many seeds (default 1)
  --first-seed N   the first of them (default 1)
  --mode NAME      only this mode; may be repeated (default: all)
  --parallel N     runs at the same time (default 2)
  --verbose        print what the daemon reported as missed
  --help           this text

modes that may lose nothing:
${listOf((mode) => mode.canLose === null)}
modes that lose lines by their nature (any other loss is an error):
${listOf((mode) => mode.canLose !== null)}
exit code 1: lines were lost without such a reason, counted twice, torn, or taken from other files; a lost line was not
reported; a line that arrived was reported as missed`

function listOf(isListed: (mode: RotationMode) => boolean): string {
  return ROTATION_MODES.filter(isListed)
    .map(({ name, canLose }) => `  ${name}${canLose === null ? '' : `: ${canLose}`}\n`)
    .join('')
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    'first-seed': { type: 'string', default: '1' },
    mode: { type: 'string', multiple: true },
    parallel: { type: 'string', default: '2' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}

if (values.help) {
  console.log(HELP)
  process.exit(0)
}
if (spawnSync('logrotate', ['--version']).status !== 0) fail('logrotate is not installed')
const modes = (values.mode ?? ROTATION_MODES.map(({ name }) => name)).map(
  (name) =>
    ROTATION_MODES.find((mode) => mode.name === name) ?? fail(`unknown mode "${name}": --help lists them`),
)

const checkout = join(import.meta.dirname, '..')
const startedAt = performance.now()
const runs = Array.from({ length: Number(values.seeds) }, (_, n) => Number(values['first-seed']) + n).flatMap(
  (seed) => modes.map((mode) => ({ mode, seed })),
)
const reports: RotationReport[] = []
/** null when the run itself failed: the others go on. */
async function runOnce(mode: RotationMode, seed: number): Promise<RotationReport | null> {
  try {
    return await runRotation(mode, seed, checkout)
  } catch (error) {
    console.error(`seed ${seed}, ${mode.name}: the run failed`, error)
    process.exitCode = 1
    return null
  }
}

async function work(): Promise<void> {
  for (let run = runs.shift(); run; run = runs.shift()) {
    const report = await runOnce(run.mode, run.seed)
    if (report === null) continue
    reports.push(report)
    const { lost, unexplained, countedTwice, foreign, check } = report
    console.error(
      `seed ${report.seed}, ${report.mode}: ${report.written} written, ${lost.length} lost` +
        `${unexplained.length > 0 ? ` (${unexplained.length} without a reason)` : ''}, ` +
        `${countedTwice.length} counted twice, ${foreign.length} torn or foreign; ` +
        `${check.byAmount.length} reported by amount, ${check.asUnknown.length} as unknown, ` +
        `${check.unreported.length} not reported, ${check.overclaimed.length} reported wrongly`,
    )
    const details = [
      ...[...unexplained, ...countedTwice, ...foreign],
      ...[...check.unreported, ...check.overclaimed],
    ].slice(0, 20)
    if (details.length > 0) console.error(details.join('\n'))
    if (values.verbose || details.length > 0) console.error(report.reports.join('\n'))
  }
}
await Promise.all(Array.from({ length: Number(values.parallel) }, work))

const sum = (of: readonly RotationReport[], count: (report: RotationReport) => number) =>
  of.reduce((total, report) => total + count(report), 0)
console.log(
  '| mode | runs | kills | rotations | written | lost | without a reason | counted twice | torn or foreign | reported by amount | reported as unknown | not reported | reported wrongly | reports |',
)
console.log(`|${'---|'.repeat(14)}`)
for (const { name } of modes) {
  const of = reports.filter(({ mode }) => mode === name)
  const cells = [
    of.length,
    sum(of, ({ kills }) => kills),
    sum(of, ({ rotations }) => rotations),
    sum(of, ({ written }) => written),
    sum(of, ({ lost }) => lost.length),
    sum(of, ({ unexplained }) => unexplained.length),
    sum(of, ({ countedTwice }) => countedTwice.length),
    sum(of, ({ foreign }) => foreign.length),
    sum(of, ({ check }) => check.byAmount.length),
    sum(of, ({ check }) => check.asUnknown.length),
    sum(of, ({ check }) => check.unreported.length),
    sum(of, ({ check }) => check.overclaimed.length),
    sum(of, ({ reports }) => reports.length),
  ]
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
const isFaulty = ({ mode, unexplained, countedTwice, foreign, check }: RotationReport) => {
  const isTearing = ROTATION_MODES.some(({ name, canLose }) => name === mode && canLose !== null)
  const { unreported, overclaimed } = check
  if (unreported.length + overclaimed.length > 0) return true
  return unexplained.length + countedTwice.length + (isTearing ? 0 : foreign.length) > 0
}
if (reports.some(isFaulty)) process.exitCode = 1
