/** The same matcher under Python and as a guard, with both results in the same form. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createGuard, type Guard, type GuardAnswer } from '../../../src/engine/worker/guard/create-guard.ts'
import type { GuardProgram } from '../../../src/engine/worker/guard/guard-program.ts'
import {
  DictValue,
  EventValue,
  IterableValue,
  isRawObject,
  ListValue,
  Raised,
  SetValue,
  TruthyValue,
  TupleValue,
  Unknown,
} from '../../../src/engine/worker/guard/guard-values.ts'
import { describeUnless } from '../../support/optional-program.ts'

export interface MatcherCase {
  readonly source: string
  readonly kind?: 'rule' | 'policy' | 'scheduled_rule'
  /** Source of the data model and its mappings. */
  readonly model?: readonly [string | null, readonly object[]]
  /** JSON texts. */
  readonly events: readonly string[]
}

export interface ComparedEvent {
  readonly event: string
  readonly python: unknown
  /** null: the guard does not know. */
  readonly guard: unknown
  /** The reason for which the guard does not know, or null. */
  readonly reason: string | null
  /** What the guard says; null: there is none. */
  readonly answer: GuardAnswer | null
}

export interface ComparedCase {
  readonly program: GuardProgram | { readonly reason: string }
  readonly events: readonly ComparedEvent[]
}

export const RUNTIME = join(import.meta.dirname, '../../../src/engine/python')
const MIN_PYTHON = '3.11'

/**
 * `describe` for a suite that compares with the `python3` of this machine. The engine's own Python is 3.14; an older one
 * serves as well, as long as it knows every node of a syntax tree that the analysis names (`TryStar` is the newest).
 */
export function describeWithPython(title: string, suite: () => void): void {
  describeUnless(reasonWithoutPython(), `python3 ${MIN_PYTHON}`, title, suite)
}

function reasonWithoutPython(): string | null {
  const { status, stdout } = spawnSync(
    'python3',
    ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'],
    { encoding: 'utf8' },
  )
  if (status !== 0) return 'python3 is not installed'
  const version = stdout.trim()
  const isOlder = version.localeCompare(MIN_PYTHON, 'en', { numeric: true }) < 0
  return isOlder ? `python3 is ${version}, older than ${MIN_PYTHON}` : null
}

export function compareWithPython(
  cases: readonly MatcherCase[],
  helpers: Readonly<Record<string, string>> = {},
): ComparedCase[] {
  const input = JSON.stringify({
    runtime: RUNTIME,
    helpers,
    cases: cases.map((each) => ({ kind: 'rule', model: null, ...each })),
  })
  const script = join(import.meta.dirname, 'python-answers.py')
  const { stdout, stderr, status } = spawnSync('python3', ['-B', script], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
  if (status !== 0) throw new Error(stderr)
  const answers = JSON.parse(stdout) as { guard: ComparedCase['program']; answers: unknown[] }[]
  return answers.map(({ guard, answers: ofPython }, at) => {
    const evaluate =
      'reason' in guard ? () => ({ guard: null, reason: guard.reason, answer: null }) : outcomeOf(guard)
    return {
      program: guard,
      events: cases[at]!.events.map((event, index) => ({
        event,
        python: ofPython[index],
        ...evaluate(event),
      })),
    }
  })
}

/** Compares when it is first called, and returns the same answers from then on. */
export function comparedOnce(
  ...compared: Parameters<typeof compareWithPython>
): () => readonly ComparedCase[] {
  let known: readonly ComparedCase[] | undefined
  return () => {
    known ??= compareWithPython(...compared)
    return known
  }
}

/** The events on which the guard knows something, and it is not what Python does. */
export function differencesOf({ events }: ComparedCase): readonly ComparedEvent[] {
  return events.filter(
    ({ python, guard }) => guard !== null && JSON.stringify(guard) !== JSON.stringify(python),
  )
}

function outcomeOf(program: GuardProgram): (event: string) => Omit<ComparedEvent, 'event' | 'python'> {
  const guard = createGuard(program)
  return (event) => ({
    ...resultOf(guard, event),
    answer: guard.evaluate(JSON.parse(event), event),
  })
}

function resultOf(guard: Guard, event: string): Pick<ComparedEvent, 'guard' | 'reason'> {
  try {
    return { guard: { value: describeValue(guard.result(JSON.parse(event), event)) }, reason: null }
  } catch (error) {
    if (error instanceof Raised) return { guard: { raises: error.type }, reason: null }
    if (error instanceof Unknown) return { guard: null, reason: error.message }
    throw error
  }
}

function describeValue(value: unknown): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return ['number', value]
  if (value instanceof EventValue) return ['event']
  if (Array.isArray(value)) return ['array', value]
  if (isRawObject(value)) return ['object', value]
  if (value instanceof ListValue) return ['list', ...value.items.map(describeValue)]
  if (value instanceof TupleValue) return ['tuple', ...value.items.map(describeValue)]
  if (value instanceof SetValue) {
    const shown = [...value.elements.values()].map(describeValue)
    return ['set', ...shown.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))]
  }
  if (value instanceof DictValue) {
    return ['dict', ...[...value.entries.values()].map((entry) => entry.map(describeValue))]
  }
  if (value instanceof IterableValue) return ['iterable']
  return [value instanceof TruthyValue ? value.kind : 'other']
}
