// node scripts/guards.ts DIR [--list] [--reasons] [--prove] [--mutations COUNT] [--seed NUMBER]: every test case of a repository without mocks, decided by the guard of
// its detection. A case that alerts must never be silent; how many of the others are is the measure of the guards.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { createGuard, type Guard } from '../src/engine/worker/guard/create-guard.ts'
import {
  deriveIndexConditions,
  type IndexConditions,
} from '../src/engine/worker/guard/derive-index-conditions.ts'
import type { GuardProgram } from '../src/engine/worker/guard/guard-program.ts'
import type { RawObject } from '../src/engine/worker/guard/guard-values.ts'
import { holds } from '../src/engine/worker/guard/index-condition.ts'
import { createLog } from '../src/log.ts'
import type { Detection } from '../src/model/project/detection.ts'
import { alertsOn } from '../src/model/project/detection.ts'
import type { Project } from '../src/model/project/project.ts'
import { openProject } from '../src/workspace/open-project.ts'
import { contradictions, type SilentEvent } from './conformance/guard-proof.ts'
import { createRandom, mutateEvent } from './conformance/mutate-event.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutations: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    prove: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    reasons: { type: 'boolean', default: false },
  },
})
const [root] = positionals
if (root === undefined)
  throw new Error(
    'node scripts/guards.ts DIR [--list] [--reasons] [--prove] [--mutations COUNT] [--seed NUMBER]',
  )

const log = createLog({
  format: 'pretty',
  level: 'error',
  color: false,
  write: (line) => process.stderr.write(line),
})
const project = await openProject({ root, allowUnknownDestinations: true, log })
const detections = [...project.detections.values()].filter(({ body }) => body !== null)
const typesOf = new Map(detections.map((each) => [each, logTypesOf(each)]))
const { guards, ms } = await extract(project, detections)

const counts = { guarded: 0, positives: 0, negatives: 0, silent: 0, mocked: 0 }
const random = createRandom(Number(values.seed))
const silentEvents: SilentEvent[] = []
let mutated = 0
const index = { rules: 0, indexed: 0, leftOut: 0, mutatedLeftOut: 0 }
const indexReasons = new Map<string, number>()
const kinds = new Map<string, number>()
const wrong: string[] = []
const notSilent: string[] = []
const reasons = new Map<string, number>()
const notGuarded: string[] = []
const silentOf = new Map<string, number>()
for (const [at, detection] of detections.entries()) {
  const own = new Map(typesOf.get(detection)!.map((type, place) => [type, guardOf(guards[at]![place]!)]))
  const indexed = new Map(
    typesOf.get(detection)!.map((type, place) => [type, conditionsOf(guards[at]![place]!, type)]),
  )
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
    if (isLeftOut(record)) {
      index.leftOut++
      if (test.expectedResult === alertsOn(detection.type))
        wrong.push(`${detection.id}: ${test.name} (index)`)
      silentEvents.push({ detection: detection.id, entry: test.entry })
    } else if (answer === 'silent') silentEvents.push({ detection: detection.id, entry: test.entry })
    for (let left = Number(values.mutations); left > 0 && guard; left--) {
      const entry = mutateEvent(test.entry, random)
      mutated++
      if (isLeftOut(JSON.parse(entry))) {
        index.mutatedLeftOut++
        silentEvents.push({ detection: detection.id, entry })
        continue
      }
      if (guard.evaluate(JSON.parse(entry), entry) === 'silent')
        silentEvents.push({ detection: detection.id, entry })
    }
    const name = `${detection.id}: ${test.name}`
    if (test.expectedResult === alertsOn(detection.type)) {
      counts.positives++
      if (answer === 'silent') wrong.push(name)
      continue
    }
    counts.negatives++
    if (answer === 'silent') silent++
    else {
      const reason = guard?.explain(record, test.entry) ?? 'no guard'
      notSilent.push(`${name}: ${reason}`)
      const kind = reason.replace(/^\S+\.py:\d+: /, '')
      reasons.set(kind, (reasons.get(kind) ?? 0) + 1)
    }
  }
  if ([...own.values()].some((guard) => guard !== null)) counts.guarded++
  counts.silent += silent
  if (silent > 0) silentOf.set(detection.id, silent)
  if (silent === 0 && detection.tests.some((each) => each.expectedResult !== alertsOn(detection.type)))
    notGuarded.push(detection.id)
}

const contradicted = values.prove ? await contradictions(project, silentEvents) : []
if (values.prove) {
  console.log(
    `${mutated} mutated events; ${silentEvents.length} silent ones were shown to their detection, ${contradicted.length} contradict`,
  )
  for (const each of contradicted.slice(0, 40)) console.log(`contradicted: ${each}`)
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
console.log(JSON.stringify({ index, kinds: Object.fromEntries(kinds) }))
for (const [reason, many] of [...indexReasons].sort((a, b) => b[1] - a[1]).slice(0, 40))
  console.log(`no index: ${many} ${reason}`)
for (const name of wrong) console.log(`wrong: ${name}`)
for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 60))
  console.log(`${count} ${reason}`)
if (values.list) for (const name of notSilent) console.log(`not silent: ${name}`)

function logTypesOf(detection: Detection): (string | null)[] {
  const named = detection.tests.flatMap(({ entry }) => {
    const type = (JSON.parse(entry) as { p_log_type?: unknown } | null)?.p_log_type
    return typeof type === 'string' ? [type] : []
  })
  return detection.type === 'rule' ? [...new Set([null, ...detection.logTypes, ...named])] : [null]
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
  readonly guards: readonly (readonly (GuardProgram | { readonly reason: string })[])[]
  readonly ms: number
}

async function extract(from: Project, of: readonly Detection[]): Promise<Extraction> {
  const models = new Map(
    from.dataModels
      .filter(({ enabled }) => enabled)
      .flatMap(({ logTypes, body, mappings, place }) =>
        logTypes.map((type) => [type, [body?.path ?? place.file, body?.source ?? null, mappings]] as const),
      ),
  )
  const request = JSON.stringify({
    runtime: join(import.meta.dirname, '../src/engine/python'),
    helpers: Object.fromEntries(from.helpers.map(({ id, body }) => [id, [body.path, body.source]])),
    detections: of.map((detection) => ({
      path: detection.body!.path,
      source: detection.body!.source,
      kind: detection.type,
      models: typesOf
        .get(detection)!
        .map((type) => [type, type === null ? null : (models.get(type) ?? null)]),
    })),
  })
  const child = spawn('python3', ['-B', join(import.meta.dirname, 'conformance/guards.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(request)
  return JSON.parse(await text(child.stdout)) as Extraction
}
