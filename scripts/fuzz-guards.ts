// npm run fuzz:guards -- DIR [--events COUNT] [--seed NUMBER]: test cases of a repository, changed at random, evaluated by
// the engine with guards and without. Every outcome must be the same to the byte, and no detection may report anything on
// an event on which its guard says that it stays silent, whether the index is used or not. Exit code 1: one contradicts.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { processEnvironment, snapshotFolder } from '../src/config/files/environment.ts'
import { createEngine } from '../src/engine/engine.ts'
import type { Engine, EvaluatedEvent } from '../src/model/events/evaluation.ts'
import type { Envelope } from '../src/model/events/event.ts'
import { nullLog } from '../src/model/ports.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { seededRandom } from '../test/support/random.ts'
import { fuzzEvents, wordsOf } from './conformance/fuzz-events.ts'
import { type GuardedAnswer, guardedAnswers } from './conformance/guarded-answers.ts'
import { analyzeNatively } from './conformance/native-analysis.ts'
import { progressReport } from './conformance/progress-report.ts'

const BATCH_EVENTS = 1_000
const MAX_SHOWN = 20
const MAX_SHOWN_CHARS = 3_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { events: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const [root] = positionals
if (root === undefined) {
  console.error('usage: npm run fuzz:guards -- DIR [--events COUNT] [--seed NUMBER]')
  process.exit(2)
}
if (spawnSync('python3', ['--version']).status !== 0) {
  console.error('python3 cannot be run: install it, because it analyzes the project apart from the engine')
  process.exit(2)
}

const project = await openProject({ root, allowUnknownDestinations: true, log: nullLog })
const { bodies, guards } = analyzeNatively(project, 'run')
const start = (withGuards: boolean) =>
  createEngine({
    project,
    purpose: 'run',
    workers: 1,
    guards: withGuards,
    snapshotCache: snapshotFolder(processEnvironment()).folder,
    log: nullLog,
  })
const unguarded = await start(false)
const guarded = await start(true)
const brokenIds = new Set(unguarded.problems.map(({ id }) => id))
const brokenPaths = new Set(bodies.flatMap(({ id, path }) => (brokenIds.has(id) ? [path] : [])))
const answerOf = guardedAnswers(project, bodies, guards, brokenPaths)
const next = fuzzEvents(project, wordsOf(bodies, guards), seededRandom(Number(values.seed)))

const counts = {
  events: 0,
  rejected: 0,
  pairs: 0,
  silentWithIndex: 0,
  silentByGuardsAlone: 0,
  matches: 0,
  errors: 0,
}
const contradictions: string[] = []
/** The engine without guards did not repeat its own answer: of a clock, of chance, or of what a detection counts. */
const unstable: string[] = []
const total = Number(values.events)
const report = progressReport(total)
while (counts.events < total) {
  const events = Array.from({ length: Math.min(BATCH_EVENTS, total - counts.events) }, next)
  const [without, withGuards] = await Promise.all([unguarded.evaluate(events), guarded.evaluate(events)])
  for (const [at, event] of events.entries()) await compare(event, without[at]!, withGuards[at]!)
  counts.events += events.length
  report(counts.events, `${contradictions.length} contradictions`)
}
await Promise.all([unguarded.close(), guarded.close()])
for (const text of contradictions.slice(0, MAX_SHOWN)) console.log(`contradiction: ${text}`)
for (const text of unstable.slice(0, MAX_SHOWN)) console.log(`unstable: ${text}`)
console.log(
  JSON.stringify({
    seed: Number(values.seed),
    ...counts,
    withoutPython: guarded.eventsWithoutPython(),
    notLoaded: brokenPaths.size,
    unstable: unstable.length,
    contradictions: contradictions.length,
  }),
)
if (contradictions.length > 0) process.exitCode = 1

async function compare(event: Envelope, without: EvaluatedEvent, withGuards: EvaluatedEvent): Promise<void> {
  const expected = JSON.stringify(without.outcome)
  const found = JSON.stringify(withGuards.outcome)
  const answer = answerOf(event)
  count(without, answer)
  const silent = answer === null ? [] : reportedInSilence(without, answer)
  if (expected === found && silent.length === 0) return
  const text = `${silent.join(', ') || 'the outcomes differ'}: ${expected} and ${found} on ${event.type} ${event.raw}`
  const shown = text.slice(0, MAX_SHOWN_CHARS)
  if (silent.length > 0 || !(await isUnstable(unguarded, event, expected))) contradictions.push(shown)
  else unstable.push(shown)
}

function count({ outcome }: EvaluatedEvent, answer: GuardedAnswer | null): void {
  if (answer === null) {
    counts.rejected++
    return
  }
  counts.pairs += answer.candidates
  counts.silentWithIndex += answer.candidates - answer.withIndex.size
  counts.silentByGuardsAlone += answer.candidates - answer.guardsAlone.size
  if (outcome.status !== 'evaluated') return
  for (const { functions } of outcome.findings) {
    if (functions.detection?.error) counts.errors++
    else counts.matches++
  }
}

/** What was reported by a detection that would not have run. */
function reportedInSilence({ outcome }: EvaluatedEvent, answer: GuardedAnswer): string[] {
  if (outcome.status !== 'evaluated') return []
  return outcome.findings.flatMap(({ detection }) => [
    ...(answer.withIndex.has(detection) ? [] : [`${detection} reports where the index leaves it out`]),
    ...(answer.guardsAlone.has(detection)
      ? []
      : [`${detection} reports where its guard says that it is silent`]),
  ])
}

async function isUnstable(engine: Engine, event: Envelope, expected: string): Promise<boolean> {
  const [again] = await engine.evaluate([event])
  return JSON.stringify(again!.outcome) !== expected
}
