// npm run chaos -- --rounds N [--seed N] [--hardships] [--sabotage]: kill -9 at random moments and rotations, then the ledger against the receiver.
// --hardships adds a full disk, a read-only store, a clock set back, a process that stands still past its leases. In CI
// (CI=true) a hardship that could not be applied is a failure.
// --sabotage runs a copy that acknowledges before it commits: the harness must then find losses.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { HARDSHIPS } from '../test/chaos/hardships.ts'
import { type ChaosReport, runChaos } from '../test/chaos/run-chaos.ts'

/** So many events of each kind are named. */
const SHOWN = 100

const checkout = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    hardships: { type: 'boolean', default: false },
    sabotage: { type: 'boolean', default: false },
  },
})

function sabotagedCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'signalbox-sabotaged-'))
  for (const name of ['src', 'bin', 'package.json'])
    cpSync(join(checkout, name), join(copy, name), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'))
  const file = join(copy, 'src', 'daemon', 'event-intake.ts')
  const sound = readFileSync(file, 'utf8')
  const broken = sound.replace(
    '    const settled = inOrder(lane, prepare)\n',
    `    void inOrder(lane, prepare)
    const settled = Promise.resolve(envelopes.map(() => ({ status: 'accepted', matches: 0 }) as const))\n`,
  )
  if (broken === sound) throw new Error('the line to sabotage is gone from src/daemon/event-intake.ts')
  writeFileSync(file, broken)
  return copy
}

/** The events, shortened where there are many, and what the daemon said at last. */
function complaint({ lost, countedTwice, lastLog }: ChaosReport): string {
  const some = (ids: readonly string[]) =>
    ids.length > SHOWN ? `${ids.slice(0, SHOWN).join(' ')} and ${ids.length - SHOWN} more` : ids.join(' ')
  return `lost: ${some(lost)}\ncounted twice: ${some(countedTwice)}\nthe last daemon logged:\n${lastLog}`
}

const subject = values.sabotage ? sabotagedCopy() : checkout
const startedAt = performance.now()
const leftOut: string[] = []
const report = await runChaos({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  checkout: subject,
  ...(values.hardships && { hardships: HARDSHIPS }),
  onHardship: (name, outcome) => {
    console.error(`${name}: ${outcome}`)
    if (outcome === 'left out') leftOut.push(name)
  },
  settleMs: values.sabotage ? 20_000 : 60_000,
  onRound: (round, acknowledged) =>
    console.error(`round ${round}: ${acknowledged} events acknowledged so far`),
})
if (values.sabotage) rmSync(subject, { recursive: true, force: true })
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
console.log(
  `${report.rounds} rounds in ${seconds} s: ${report.acknowledged} acknowledged, ${report.lost.length} lost, ` +
    `${report.countedTwice.length} counted twice, ${report.repeated} requests repeated under their own key, ` +
    `${report.refused} refused by the receiver`,
)
const expected = values.sabotage
  ? report.lost.length > 0
  : report.lost.length + report.countedTwice.length === 0
if (!expected) {
  console.error(values.sabotage ? 'the sabotage went unnoticed' : complaint(report))
  process.exitCode = 1
}
if (leftOut.length > 0 && process.env.CI === 'true') {
  console.error(`this user may mount no file system, so these hardships were left out: ${leftOut.join(', ')}`)
  process.exitCode = 1
}
