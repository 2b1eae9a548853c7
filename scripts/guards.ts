// npm run conformance:guards -- DIR [--list] [--reasons] [--mutations COUNT] [--seed NUMBER] [--types] [--pairs]: every test
// case of a repository without mocks, decided by the guard of its detection. A case that alerts must never be silent; how
// many of the others are is the measure of the guards. `--prove` shows what is silent to the detection itself, under
// native CPython. Exit code 1: a guard contradicts its detection; 2: python3 cannot be run.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import {
  deriveIndexConditions,
  type IndexConditions,
} from '../src/engine/worker/event-index/derive-index-conditions.ts'
import { holds } from '../src/engine/worker/event-index/index-condition.ts'
import { createGuard, type Guard } from '../src/engine/worker/guard/create-guard.ts'
import type { GuardProgram, PythonLocation } from '../src/engine/worker/guard/guard-program.ts'
import type { RawObject } from '../src/engine/worker/guard/guard-values.ts'
import { createLog } from '../src/log.ts'
import type { Detection } from '../src/model/project/detection.ts'
import { alertsOn } from '../src/model/project/detection.ts'
import type { Project } from '../src/model/project/project.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { seededRandom } from '../test/support/random.ts'
import { contradictions, type SilentEvent } from './conformance/guard-proof.ts'
import { mutateEvent } from './conformance/mutate-event.ts'
import { analyzeNatively } from './conformance/native-analysis.ts'

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
    'usage: npm run conformance:guards -- DIR [--list] [--reasons] [--mutations COUNT] [--types] [--pairs]',
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
const detections = [...project.detections.values()].filter(({ body }) => body !== null)
const typesOf = new Map(detections.map((each) => [each, logTypesOf(each)]))
const { guards, ms, changes } = extract(project, detections)
for (const [path, location] of changes)
  console.log(`change: ${location.slice(0, 2).join(':')} ${path ?? 'anything'}`)

const OTHER_TYPE = { reason: 'the data model of another log type', logType: null }
const counts = { guarded: 0, positives: 0, negatives: 0, silent: 0, mocked: 0 }
const enabledRules = { negatives: 0, silent: 0 }
const random = seededRandom(Number(values.seed))
const silentEvents: SilentEvent[] = []
let mutated = 0
interface LiveEvent {
  readonly record: RawObject
  readonly entry: string
}
const byType = new Map<string, { id: string; guard: Guard | null; conditions: IndexConditions }[]>()
const eventsOf = new Map<string, Map<string, LiveEvent>>()
const index = { rules: 0, indexed: 0, leftOut: 0, mutatedLeftOut: 0 }
const indexReasons = new Map<string, number>()
const kinds = new Map<string, number>()
const wrong: string[] = []
const notSilent: string[] = []
const reasons = new Map<string, number>()
const notGuarded: string[] = []
const silentOf = new Map<string, number>()
for (const [at, detection] of detections.entries()) {
  const programFor = (type: string | null) =>
    guards[at]!.find((each) => each.logType === null || each.logType === type) ?? OTHER_TYPE
  const own = new Map(typesOf.get(detection)!.map((type) => [type, guardOf(programFor(type))]))
  const indexed = new Map(typesOf.get(detection)!.map((type) => [type, conditionsOf(programFor(type), type)]))
  const types = detection.type === 'rule' ? detection.logTypes : [null]
  const open = types.map((type) => indexed.get(type)!).filter((each) => 'reason' in each)
  if (detection.enabled && detection.type !== 'policy') {
    index.rules++
    if (open.length === 0) index.indexed++
    else for (const each of open.slice(0, 1)) count(indexReasons, (each as { reason: string }).reason)
    for (const each of new Set(types.map((type) => indexed.get(type)!))) {
      if (!('conditions' in each)) continue
      for (const kind of new Set(each.conditions.map((condition) => condition.kind))) count(kinds, kind)
    }
  }
  if (detection.enabled && detection.type === 'rule') {
    for (const type of detection.logTypes) {
      const rules = byType.get(type) ?? []
      byType.set(type, rules)
      rules.push({ id: detection.id, guard: own.get(type) ?? null, conditions: indexed.get(type)! })
    }
  }
  const isLeftOut = (record: RawObject) => {
    const type = detection.type === 'rule' ? record.p_log_type : null
    const conditions = typeof type === 'string' || type === null ? indexed.get(type) : undefined
    return conditions && 'conditions' in conditions
      ? !conditions.conditions.some((each) => holds(each, record))
      : false
  }
  let silent = 0
  for (const test of detection.tests) {
    if (test.mocks !== '[]') {
      counts.mocked++
      continue
    }
    const record = JSON.parse(test.entry)
    if (typeof record !== 'object' || record === null) continue
    const type = detection.type === 'rule' && typeof record.p_log_type === 'string' ? record.p_log_type : null
    const guard = own.get(type) ?? null
    const answer = guard?.evaluate(record, test.entry) ?? 'unknown'
    const live = liveEvent(detection, record, test.entry)
    if (isLeftOut(live.record)) {
      index.leftOut++
      silentEvents.push({ detection: detection.id, entry: live.entry })
    }
    if (detection.enabled && detection.type === 'rule') gather(live, test.expectedResult)
    if (answer === 'silent') silentEvents.push({ detection: detection.id, entry: test.entry })
    const liveGuard = own.get(detection.type === 'rule' ? (live.record.p_log_type as string) : null)
    for (let left = Number(values.mutations); left > 0 && guard; left--) {
      const entry = mutateEvent(live.entry, random)
      mutated++
      if (isLeftOut(JSON.parse(entry))) {
        index.mutatedLeftOut++
        silentEvents.push({ detection: detection.id, entry })
        continue
      }
      if (liveGuard?.evaluate(JSON.parse(entry), entry) === 'silent')
        silentEvents.push({ detection: detection.id, entry })
    }
    const name = `${detection.id}: ${test.name}`
    if (test.expectedResult === alertsOn(detection.type)) {
      counts.positives++
      if (answer === 'silent') wrong.push(name)
      continue
    }
    counts.negatives++
    if (detection.enabled && detection.type === 'rule') enabledRules.negatives++
    if (answer === 'silent') {
      silent++
      if (detection.enabled && detection.type === 'rule') enabledRules.silent++
    } else {
      const reason = guard === null ? 'no guard' : reasonOf(guard, record, test.entry)
      notSilent.push(`${name}: ${reason}`)
      count(reasons, reason)
    }
  }
  if ([...own.values()].some((guard) => guard !== null)) counts.guarded++
  counts.silent += silent
  if (silent > 0) silentOf.set(detection.id, silent)
  if (silent === 0 && detection.tests.some((each) => each.expectedResult !== alertsOn(detection.type)))
    notGuarded.push(detection.id)
}

const askedEvents: SilentEvent[] = []
const typeRows = acrossTypes()
if (values.prove) {
  const matches = new Set((await contradictions(project, askedEvents)).map(({ event }) => event.entry))
  const asked = new Set(askedEvents.map(({ entry }) => entry))
  const quiet = [...eventsOf.values()]
    .flatMap((events) => [...events.keys()])
    .filter((each) => !matches.has(each))
  const skipped = quiet.filter((each) => !asked.has(each)).length
  console.log(`of ${quiet.length} events that no rule of their type matches, ${skipped} do not enter Python`)
}
const contradicted = values.prove ? await contradictions(project, silentEvents) : []
if (values.prove) {
  console.log(
    `${mutated} mutated events; ${silentEvents.length} silent ones were shown to their detection, ${contradicted.length} contradict`,
  )
  for (const { text } of contradicted.slice(0, 40)) console.log(`contradicted: ${text}`)
}
console.log(
  JSON.stringify({
    detections: detections.length,
    ...counts,
    deciding: silentOf.size,
    wrong: wrong.length,
    extractionMs: Math.round(ms),
  }),
)
console.log(JSON.stringify({ enabledRules }))
console.log(JSON.stringify({ index, kinds: Object.fromEntries(kinds) }))
for (const [reason, many] of [...indexReasons].sort((a, b) => b[1] - a[1]).slice(0, 40))
  console.log(`no index: ${many} ${reason}`)
for (const row of typeRows.slice(0, values.types ? undefined : 1)) console.log(`log types: ${row}`)
for (const name of wrong) console.log(`wrong: ${name}`)
for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 60))
  console.log(`${count} ${reason}`)
if (values.list) for (const name of notSilent) console.log(`not silent: ${name}`)
if (wrong.length + contradicted.length > 0) process.exitCode = 1

function logTypesOf(detection: Detection): (string | null)[] {
  const named = detection.tests.flatMap(({ entry }) => {
    const type = (JSON.parse(entry) as { p_log_type?: unknown } | null)?.p_log_type
    return typeof type === 'string' ? [type] : []
  })
  return detection.type === 'rule' ? [...new Set([null, ...detection.logTypes, ...named])] : [null]
}

/** The event is evaluated with the log type that its source gives it. */
function liveEvent(detection: Detection, record: RawObject, entry: string): LiveEvent {
  const [type] = detection.logTypes
  if (detection.type !== 'rule' || type === undefined || typeof record.p_log_type === 'string')
    return { record, entry }
  const text = JSON.stringify({ p_log_type: type })
  const filled =
    Object.keys(record).length === 0 ? text : `${text.slice(0, -1)},${entry.trimStart().slice(1)}`
  return { record: JSON.parse(filled), entry: filled }
}

/** Events that do not match the rule whose case they are. */
function gather(event: LiveEvent, isMatch: boolean): void {
  const type = event.record.p_log_type
  if (isMatch || typeof type !== 'string') return
  const known = eventsOf.get(type) ?? new Map()
  eventsOf.set(type, known)
  known.set(event.entry, event)
}

/** Every such event against all rules of its log type. */
function acrossTypes(): string[] {
  const total = { events: 0, skipped: 0, types: 0, whole: 0 }
  const rows: string[] = []
  for (const [type, events] of eventsOf) {
    const rules = byType.get(type) ?? []
    const sums = { selected: 0, asked: 0, skipped: 0 }
    const asking = new Map<string, number>()
    for (const { record, entry } of events.values()) {
      const selected = rules.filter(
        ({ conditions }) =>
          'reason' in conditions || conditions.conditions.some((each) => holds(each, record)),
      )
      const asked = selected.filter(({ guard }) => guard?.evaluate(record, entry) !== 'silent')
      for (const { id } of asked) count(asking, id)
      if (values.pairs) {
        for (const { id } of rules) {
          if (!asked.some((each) => each.id === id)) silentEvents.push({ detection: id, entry })
        }
      }
      sums.selected += selected.length
      sums.asked += asked.length
      if (asked.length === 0) sums.skipped++
      askedEvents.push(...asked.map(({ id }) => ({ detection: id, entry })))
    }
    total.events += events.size
    total.skipped += sums.skipped
    total.types++
    if (sums.skipped === events.size) total.whole++
    const share = (sum: number) => (sum / events.size).toFixed(2)
    const most = [...asking].sort((a, b) => b[1] - a[1]).slice(0, 3)
    rows.push(
      `${type}: ${rules.length} rules, ${events.size} events, ${sums.skipped} skipped, ${share(sums.selected)} selected, ${share(sums.asked)} asked; ${most.map(([id, many]) => `${id} ${many}`).join(', ')}`,
    )
  }
  return [JSON.stringify(total), ...rows]
}

/** Why a guard that is not silent has to ask. */
function reasonOf(guard: Guard, record: RawObject, entry: string): string {
  try {
    guard.result(record, entry)
    return 'it may match'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function conditionsOf(
  answer: GuardProgram | { readonly reason: string },
  type: string | null,
): IndexConditions {
  return 'reason' in answer ? answer : deriveIndexConditions(answer, type)
}

function guardOf(answer: GuardProgram | { readonly reason: string }): Guard | null {
  if (!('reason' in answer)) return createGuard(answer)
  if (values.reasons) console.log(`no guard: ${answer.reason}`)
  return null
}

interface Extraction {
  /** The programs of each detection. */
  readonly guards: readonly (readonly (
    | GuardProgram
    | { readonly reason: string; readonly logType: null }
  )[])[]
  /** What bodies may change; see guard_changes.py. */
  readonly changes: readonly (readonly [path: string | null, location: PythonLocation])[]
  readonly ms: number
}

function extract(from: Project, of: readonly Detection[]): Extraction {
  const { bodies, guards, ms } = analyzeNatively(from, 'test')
  const analyses = guards.map(
    (guard) =>
      JSON.parse(guard?.text ?? '{"programs":[],"changes":[]}') as Pick<Extraction, 'changes'> & {
        programs: Extraction['guards'][number]
      },
  )
  const numbers = new Map(
    bodies.flatMap(({ kind, id }, number) => (kind === 'detection' ? [[id, number]] : [])),
  )
  return {
    guards: of.map(({ id }) => analyses[numbers.get(id)!]!.programs),
    changes: analyses.flatMap(({ changes }) => changes),
    ms,
  }
}
