// What guards decide for every test case of a project without mocks, and for the same cases changed at random.

import type { Guard } from '../../src/engine/worker/guard/create-guard.ts'
import type { RawObject } from '../../src/engine/worker/guard/guard-values.ts'
import { alertsOn, type Detection } from '../../src/model/project/detection.ts'
import { type GuardedDetection, isLeftOut } from './guard-programs.ts'
import type { SilentEvent } from './guard-proof.ts'
import { mutateEvent } from './mutate-event.ts'

export interface LiveEvent {
  readonly record: RawObject
  readonly entry: string
}

/** The counts of cases without mocks. */
interface CaseCounts {
  guarded: number
  positives: number
  negatives: number
  silent: number
  mocked: number
}

export interface CaseResults {
  readonly counts: CaseCounts
  readonly enabledRules: { negatives: number; silent: number }
  readonly index: { leftOut: number; mutatedLeftOut: number }
  /** How many events were changed at random. */
  mutated: number
  /** The ids of detections of which at least one case is silent. */
  readonly deciding: Set<string>
  /** The cases that alert although their guard is silent. */
  readonly wrong: string[]
  /** The cases that do not alert and are not silent, with the reason. */
  readonly notSilent: { readonly name: string; readonly reason: string }[]
  /** Events on which a detection would not run. */
  readonly silentEvents: SilentEvent[]
  /** Log type -> text -> event: the cases of enabled rules that do not alert. */
  readonly quietEvents: Map<string, Map<string, LiveEvent>>
}

/** @param mutations how many changed events are made of each case. */
export function decideCases(
  detections: readonly GuardedDetection[],
  { mutations, random }: { readonly mutations: number; readonly random: () => number },
): CaseResults {
  const results: CaseResults = {
    counts: { guarded: 0, positives: 0, negatives: 0, silent: 0, mocked: 0 },
    enabledRules: { negatives: 0, silent: 0 },
    index: { leftOut: 0, mutatedLeftOut: 0 },
    mutated: 0,
    deciding: new Set(),
    wrong: [],
    notSilent: [],
    silentEvents: [],
    quietEvents: new Map(),
  }
  for (const guarded of detections) {
    if ([...guarded.byType.values()].some(({ guard }) => guard !== null)) results.counts.guarded++
    for (const test of guarded.detection.tests) {
      if (test.mocks !== '[]') results.counts.mocked++
      else decideCase(guarded, test, { mutations, random, results })
    }
  }
  return results
}

function decideCase(
  guarded: GuardedDetection,
  test: Detection['tests'][number],
  {
    mutations,
    random,
    results,
  }: { readonly mutations: number; readonly random: () => number; readonly results: CaseResults },
): void {
  const { detection } = guarded
  const record = JSON.parse(test.entry) as RawObject | null
  if (typeof record !== 'object' || record === null) return
  const live = liveEvent(detection, record, test.entry)
  if (isLeftOutLive(guarded, live.record)) {
    results.index.leftOut++
    results.silentEvents.push({ detection: detection.id, entry: live.entry })
  }
  const isEnabledRule = detection.enabled && detection.type === 'rule'
  if (isEnabledRule) gather(live, test.expectedResult, results)
  const type = typeOf(detection, record)
  const guard = guarded.byType.get(type)?.guard ?? null
  const answer = guard?.evaluate(record, test.entry) ?? 'unknown'
  if (answer === 'silent') results.silentEvents.push({ detection: detection.id, entry: test.entry })
  if (guard !== null) {
    for (let left = mutations; left > 0; left--)
      decideMutated(guarded, live, mutateEvent(live.entry, random), results)
  }
  const name = `${detection.id}: ${test.name}`
  if (test.expectedResult === alertsOn(detection.type)) {
    results.counts.positives++
    if (answer === 'silent') results.wrong.push(name)
    return
  }
  results.counts.negatives++
  if (isEnabledRule) results.enabledRules.negatives++
  if (answer === 'silent') {
    results.counts.silent++
    results.deciding.add(detection.id)
    if (isEnabledRule) results.enabledRules.silent++
  } else {
    const reason = guard === null ? 'no guard' : reasonOf(guard, record, test.entry)
    results.notSilent.push({ name, reason })
  }
}

function decideMutated(
  guarded: GuardedDetection,
  live: LiveEvent,
  entry: string,
  results: CaseResults,
): void {
  const { detection } = guarded
  results.mutated++
  if (isLeftOutLive(guarded, JSON.parse(entry))) {
    results.index.mutatedLeftOut++
    results.silentEvents.push({ detection: detection.id, entry })
    return
  }
  const liveType = detection.type === 'rule' ? (live.record.p_log_type as string) : null
  const guard = guarded.byType.get(liveType)?.guard
  if (guard?.evaluate(JSON.parse(entry), entry) === 'silent')
    results.silentEvents.push({ detection: detection.id, entry })
}

function isLeftOutLive({ detection, byType }: GuardedDetection, record: RawObject): boolean {
  const type = detection.type === 'rule' ? record.p_log_type : null
  const typed = typeof type === 'string' || type === null ? byType.get(type) : undefined
  return typed !== undefined && isLeftOut(typed, record)
}

function typeOf({ type }: Detection, record: RawObject): string | null {
  return type === 'rule' && typeof record.p_log_type === 'string' ? record.p_log_type : null
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

/** Keeps the events that do not match the rule whose case they are. */
function gather(event: LiveEvent, isMatch: boolean, { quietEvents }: CaseResults): void {
  const type = event.record.p_log_type
  if (isMatch || typeof type !== 'string') return
  const known = quietEvents.get(type) ?? new Map<string, LiveEvent>()
  quietEvents.set(type, known)
  known.set(event.entry, event)
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
