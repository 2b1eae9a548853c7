/** A correlation's test case: its `RuleOutputs` -> hits -> what the rule says of them. Pure. */

import type { Hit, StepHits } from '../match/signal-hit.ts'
import type { TestOutcome } from '../model/events/evaluation.ts'
import { parseEventTime } from '../model/events/event-time.ts'
import { failedOutcome, syntheticError, syntheticOutcome } from '../model/events/outcome.ts'
import type { Correlation } from '../model/project/correlation-definition.ts'
import { matches } from './correlation.ts'
import { correlationResults } from './correlation-alert.ts'

const MINUTE_MS = 60_000

interface RuleOutput {
  readonly ID: string
  /** Field -> value -> times: minutes, or ISO texts. */
  readonly Matches?: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>
}

/** @returns null where a time can't be read. */
function hitsOfOutputs(json: string, { steps }: Correlation): StepHits<Hit> | null {
  const outputs = JSON.parse(json) as readonly RuleOutput[]
  const hits = new Map<string, readonly Hit[]>()
  for (const step of steps) {
    const ofStep = outputs.filter(({ ID }) => ID === step.id).flatMap(entriesOf)
    if (ofStep.some(({ at }) => at === null)) return null
    hits.set(step.id, [...Map.groupBy(ofStep, ({ name }) => name).values()].map(hitOf))
  }
  return hits
}

interface Entry {
  /** The name that all fields of one signal share. */
  readonly name: string
  readonly at: number | null
  readonly field: string
  readonly value: string
}

/** Fields with the same time belong to the same signal: the first with the first, the second with the second. */
function entriesOf({ Matches = {} }: RuleOutput): Entry[] {
  return Object.entries(Matches).flatMap(([field, values]) => {
    const seen = new Map<unknown, number>()
    return Object.entries(values).flatMap(([value, times]) =>
      times.map((time): Entry => {
        const nth = seen.get(time) ?? 0
        seen.set(time, nth + 1)
        return { name: `${String(time)} ${nth}`, at: timeOf(time), field, value }
      }),
    )
  })
}

function hitOf(entries: readonly Entry[]): Hit {
  return {
    at: entries[0]!.at!,
    isNew: true,
    values: (field) => entries.filter((entry) => entry.field === field).map(({ value }) => value),
  }
}

function timeOf(time: unknown): number | null {
  return typeof time === 'number' ? time * MINUTE_MS : parseEventTime(time)
}

/** A test case, evaluated: its signals are all there are, and nothing more is to come. */
export function testCorrelation(correlation: Correlation, json: string): TestOutcome {
  const hits = hitsOfOutputs(json, correlation)
  if (hits === null) {
    const message = 'a time of RuleOutputs is neither a number of minutes nor an ISO text'
    return failedOutcome(syntheticError('BadTime', message))
  }
  const [match] = matches(correlation, hits, { waitMs: 0 })
  return syntheticOutcome(match ? correlationResults(match) : { detection: { output: false } })
}
