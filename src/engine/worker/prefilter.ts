/** WORKER THREAD. Evaluates inline filters, and detections made of match expressions, without Python. */

import { needsExactness, parseExact } from '../../core/exact-json.ts'
import { compile, type Predicate } from '../../match/compile-expression.ts'
import { type CompiledDetection, compileDetection, withFields } from '../../match/simple-detection.ts'
import type { FunctionResults } from '../../model/alerts/finding.ts'
import type { TestOutcome } from '../../model/events/evaluation.ts'
import { syntheticOutcome } from '../../model/events/outcome.ts'
import type { ParsedEvent } from '../protocol/driver-request.ts'
import type { Body } from '../protocol/messages.ts'

export interface PrefilterResult {
  /** The bodies that Python has to run. Equal lists are one object, so that events can be grouped by it. */
  readonly python: readonly number[]
  /** The results of the bodies that matched without Python. */
  readonly matched: readonly { readonly body: number; readonly functions: FunctionResults }[]
}

export interface Prefilter {
  /** Evaluates one event against its candidates. */
  evaluate(raw: string, accepted: ParsedEvent): PrefilterResult
  /** Evaluates one test call; null: Python has to run it. */
  test(body: number, entry: string): TestOutcome | null
}

interface Matchers {
  readonly filter: Predicate | null
  readonly simple: CompiledDetection | null
}

export function createPrefilter(bodies: readonly Body[]): Prefilter {
  const byBody = new Map(bodies.flatMap((body, number) => matchersOf(body, number)))
  const oneOf = interned()
  const known = new WeakMap<readonly number[], boolean>()
  /** Whether Python runs all candidates. All events of one type share one list of candidates. */
  const isForPython = (candidates: readonly number[]): boolean => {
    const answer = known.get(candidates) ?? !candidates.some((number) => byBody.has(number))
    known.set(candidates, answer)
    return answer
  }

  return {
    evaluate(raw, { record, fields, candidates }) {
      if (isForPython(candidates)) return { python: candidates, matched: [] }
      const whole = withFields(needsExactness(raw) ? parseExact(raw) : record, fields)
      const passed = candidates.filter((number) => byBody.get(number)?.filter?.(whole) ?? true)
      const matched = passed.flatMap((body) => {
        const simple = byBody.get(body)?.simple
        if (!simple?.matches(whole)) return []
        return [{ body, functions: { detection: { output: true }, ...simple.alert(raw, fields) } }]
      })
      return { python: oneOf(passed.filter((number) => !byBody.get(number)?.simple)), matched }
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

/** Filters may split the events of one type in many ways. Beyond this number, sharing lists is not worth its memory. */
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
