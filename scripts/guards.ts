// npm run conformance:guards -- DIR [--list] [--reasons] [--mutations COUNT] [--seed NUMBER] [--types] [--pairs]: every test
// case of a repository without mocks, decided by the guard of its detection. A case that alerts must never be silent; how
// many of the others are is the measure of the guards. `--prove` shows what is silent to the detection itself, under
// native CPython. Exit code 1: a guard contradicts its detection; 2: python3 cannot be run.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { createLog } from '../src/log.ts'
import type { Project } from '../src/model/project/project.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { seededRandom } from '../test/support/random.ts'
import { type CaseResults, decideCases } from './conformance/guard-cases.ts'
import { type GuardedDetection, guardsOf } from './conformance/guard-programs.ts'
import { contradictions } from './conformance/guard-proof.ts'
import { decideByType, type TypeResults } from './conformance/guard-types.ts'

/** The rarest reasons are left out. */
const MAX_REASONS = { index: 40, cases: 60 }
const MAX_SHOWN_CONTRADICTIONS = 40

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutations: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    types: { type: 'boolean', default: false },
    pairs: { type: 'boolean', default: false },
    prove: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    reasons: { type: 'boolean', default: false },
  },
})
const [root] = positionals
if (root === undefined) {
  console.error(
    'usage: npm run conformance:guards -- DIR [--list] [--reasons] [--mutations COUNT] [--seed NUMBER] [--types] [--pairs]',
  )
  process.exit(2)
}
if (spawnSync('python3', ['--version']).status !== 0) {
  console.error('python3 cannot be run: install it, because guards are compared with native CPython')
  process.exit(2)
}

const log = createLog({
  format: 'pretty',
  level: 'error',
  color: false,
  write: (line) => process.stderr.write(line),
})
const project = await openProject({ root, allowUnknownDestinations: true, log })
const { detections, changes, ms } = guardsOf(project)
for (const [path, location] of changes)
  console.log(`change: ${location.slice(0, 2).join(':')} ${path ?? 'anything'}`)
if (values.reasons)
  for (const reason of detections.flatMap(({ reasons }) => reasons)) console.log(`no guard: ${reason}`)

const cases = decideCases(detections, {
  mutations: Number(values.mutations),
  random: seededRandom(Number(values.seed)),
})
const types = decideByType(detections, cases.quietEvents)
const contradicted = values.prove ? await prove(project, cases, types) : 0
printCounts(cases)
printIndex(detections, cases)
printTypes(types)
printCases(cases)
if (cases.wrong.length + contradicted > 0) process.exitCode = 1

/** Shows silent events to their detections, and returns how many contradict. */
async function prove(
  from: Project,
  { silentEvents, quietEvents, mutated }: CaseResults,
  ofTypes: TypeResults,
) {
  const { askedEvents, unaskedEvents } = ofTypes
  const matches = new Set((await contradictions(from, askedEvents)).map(({ event }) => event.entry))
  const asked = new Set(askedEvents.map(({ entry }) => entry))
  const quiet = [...quietEvents.values()]
    .flatMap((events) => [...events.keys()])
    .filter((each) => !matches.has(each))
  const skipped = quiet.filter((each) => !asked.has(each)).length
  console.log(`of ${quiet.length} events that no rule of their type matches, ${skipped} do not enter Python`)
  const shown = [...silentEvents, ...(values.pairs ? unaskedEvents : [])]
  const found = await contradictions(from, shown)
  console.log(
    `${mutated} mutated events; ${shown.length} silent ones were shown to their detection, ${found.length} contradict`,
  )
  for (const { text } of found.slice(0, MAX_SHOWN_CONTRADICTIONS)) console.log(`contradicted: ${text}`)
  return found.length
}

function printCounts({ counts, deciding, wrong, enabledRules }: CaseResults): void {
  console.log(
    JSON.stringify({
      detections: detections.length,
      ...counts,
      deciding: deciding.size,
      wrong: wrong.length,
      extractionMs: Math.round(ms),
    }),
  )
  console.log(JSON.stringify({ enabledRules }))
}

/** The enabled detections whose every log type has index conditions, the kinds of these, and why others have none. */
function printIndex(all: readonly GuardedDetection[], { index }: CaseResults): void {
  const rules = all.filter(({ detection: { enabled, type } }) => enabled && type !== 'policy')
  const ofRules = rules.map(({ detection, byType }) => {
    const logTypes = detection.type === 'rule' ? detection.logTypes : [null]
    return [...new Set(logTypes.map((type) => byType.get(type)!.conditions))]
  })
  const reasons = ofRules.flatMap((own) =>
    own.flatMap((each) => ('reason' in each ? [each.reason] : [])).slice(0, 1),
  )
  const kinds = ofRules.flatMap((own) =>
    own.flatMap((each) =>
      'conditions' in each ? [...new Set(each.conditions.map(({ kind }) => kind))] : [],
    ),
  )
  const counted = { rules: rules.length, indexed: rules.length - reasons.length, ...index }
  console.log(JSON.stringify({ index: counted, kinds: Object.fromEntries(mostFrequent(kinds)) }))
  for (const [reason, count] of mostFrequent(reasons).slice(0, MAX_REASONS.index))
    console.log(`no index: ${count} ${reason}`)
}

function printTypes({ total, rows }: TypeResults): void {
  for (const row of [JSON.stringify(total), ...(values.types ? rows : [])]) console.log(`log types: ${row}`)
}

function printCases({ wrong, notSilent }: CaseResults): void {
  for (const name of wrong) console.log(`wrong: ${name}`)
  const reasons = mostFrequent(notSilent.map(({ reason }) => reason))
  for (const [reason, count] of reasons.slice(0, MAX_REASONS.cases)) console.log(`${count} ${reason}`)
  if (values.list) for (const { name, reason } of notSilent) console.log(`not silent: ${name}: ${reason}`)
}

function mostFrequent(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}
