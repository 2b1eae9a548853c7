/**
 * WORKER THREAD. Decides without Python which detections stay silent on an event: by the index of events, by inline
 * filters, by guards, and entirely for detections made of match expressions.
 */
import { needsExactness, parseExact } from '../../core/exact-json.ts'
import { compile, type Predicate } from '../../match/compile-expression.ts'
import { type CompiledDetection, compileDetection, withFields } from '../../match/simple-detection.ts'
import type { FunctionResults } from '../../model/alerts/finding.ts'
import type { TestOutcome } from '../../model/events/evaluation.ts'
import { syntheticOutcome } from '../../model/events/outcome.ts'
import type { Body, Job } from '../protocol/messages.ts'
import { DetectionIndexes } from './event-index/detection-indexes.ts'
import type { DetectionGuards } from './guard/detection-guards.ts'
import type { ParsedEvent } from './parsed-event.ts'

export interface PrefilterResult {
  /** The bodies that Python has to run. Equal lists are one object, so that events can be grouped by it. */
  readonly python: readonly number[]
  /** The results of the bodies that matched without Python. */
  readonly matched: readonly MatchedBody[]
}

interface MatchedBody {
  readonly body: number
  readonly functions: FunctionResults
}

/** Evaluates one event against its candidates. */
export type EventPrefilter = (raw: string, event: ParsedEvent) => PrefilterResult

export interface Prefilter {
  forJob(job: Pick<Job, 'skips' | 'markEachItem' | 'checkIntegrity'>): EventPrefilter
  /** Evaluates one test call; null: Python has to run it. */
  test(body: number, entry: string): TestOutcome | null
}

interface Matchers {
  readonly filter: Predicate | null
  readonly simple: CompiledDetection | null
}

const NO_MATCHERS: Matchers = { filter: null, simple: null }
const NOTHING: PrefilterResult = { python: [], matched: [] }

/** @param guards null: neither guards nor the index are used. */
export function createPrefilter(bodies: readonly Body[], guards: DetectionGuards | null): Prefilter {
  const byBody = new Map(bodies.flatMap((body, number) => matchersOf(body, number)))
  const indexes = guards && new DetectionIndexes(bodies, guards)
  const oneOf = interned()

  /** @param unguarded the bodies whose guards are not asked; null: all of them. */
  const evaluate = (
    raw: string,
    event: ParsedEvent,
    unguarded: ReadonlySet<number> | null,
  ): PrefilterResult => {
    const { candidates } = event
    if (candidates.length === 0) return NOTHING
    const index = unguarded && indexes ? indexes.of(candidates, event) : null
    // The index is made of guards, too. It looks at no field that is filled in.
    const selected = index && unguarded?.size === 0 ? index.select(event.record) : candidates
    if (selected.length === 0) return NOTHING
    const record = event.fillInForGuards()
    const exact = exactView(raw, event)
    const python: number[] = []
    const matched: MatchedBody[] = []
    for (const body of selected) {
      const { filter, simple } = byBody.get(body) ?? NO_MATCHERS
      if (filter && !filter(exact())) continue
      if (simple) {
        if (simple.matches(exact())) matched.push({ body, functions: alertOf(simple, raw, event) })
        continue
      }
      const guard = index && !unguarded?.has(body) ? index.guardOf(body) : null
      if (guard === null || guard.evaluate(record, raw) !== 'silent') python.push(body)
    }
    if (python.length === 0 && matched.length === 0) return NOTHING
    return { python: python.length === candidates.length ? candidates : oneOf(python), matched }
  }

  return {
    forJob({ skips, markEachItem, checkIntegrity }) {
      const unguarded = checkIntegrity ? null : new Set([...markEachItem, ...skips.map(({ body }) => body)])
      return (raw, event) => evaluate(raw, event, unguarded)
    },
    test(body, entry) {
      const matchers = byBody.get(body)
      if (!matchers) return null
      const { filter, simple } = matchers
      const record = parseExact(entry)
      const passes = filter?.(record) ?? true
      if (passes && !simple) return null
      const output = passes && simple!.matches(record)
      return syntheticOutcome({ detection: { output }, ...simple?.alert(entry, {}) })
    },
  }
}

function alertOf(simple: CompiledDetection, raw: string, { fields }: ParsedEvent): FunctionResults {
  return { detection: { output: true }, ...simple.alert(raw, fields) }
}

/** The event with the digits of its numbers where they matter, read when something first asks for it. */
function exactView(raw: string, event: ParsedEvent): () => unknown {
  let known: unknown
  return () => {
    known ??= needsExactness(raw) ? withFields(parseExact(raw), event.fields) : event.fillIn()
    return known
  }
}

/** Events of one type may be split in many ways. Beyond this number, sharing lists is not worth its memory. */
const MAX_CACHED_LISTS = 10_000

function interned(): (numbers: readonly number[]) => readonly number[] {
  const known = new Map<string, readonly number[]>()
  return (numbers) => {
    const name = numbers.join()
    const first = known.get(name)
    if (first) return first
    if (known.size >= MAX_CACHED_LISTS) known.clear()
    known.set(name, numbers)
    return numbers
  }
}

function matchersOf(body: Body, number: number): [number, Matchers][] {
  if (body.kind !== 'detection' && body.kind !== 'simple') return []
  const filter = body.filter && compile(body.filter)
  const simple = body.kind === 'simple' ? compileDetection(body.content) : null
  return filter || simple ? [[number, { filter, simple }]] : []
}
