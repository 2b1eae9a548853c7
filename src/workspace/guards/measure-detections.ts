/** Measures the functions of detections and their guards, over test events or given ones. */
import { functionLabel } from '../../alerts/build.ts'
import type { JsonText } from '../../core/exact-json.ts'
import { FUNCTIONS, type FunctionName } from '../../model/alerts/finding.ts'
import type { Engine, TestOutcome } from '../../model/events/evaluation.ts'
import type { GuardReport } from '../../model/events/guard-report.ts'
import { alertsOn, type Detection } from '../../model/project/detection.ts'

export interface MeasuredEvents {
  readonly detection: Detection
  readonly entries: readonly JsonText[]
}

/** All times are microseconds. */
export interface Measurement {
  readonly detection: string
  readonly events: number
  /** The events that the guard, the index or the inline filter decided without Python. */
  readonly decided: number
  readonly matched: number
  /** The mean time of each function, and on how many events it is called in `run`. */
  readonly functions: readonly { readonly name: string; readonly calls: number; readonly us: number }[]
  /** The mean time of the guard; null: there is none. */
  readonly guardUs: number | null
  /** The mean cost of an event in `run`. */
  readonly usPerEvent: { readonly withGuards: number; readonly withoutGuards: number }
}

/** The calls of one batch have at most so many events and so much text, because each batch is one request to Python. */
const MAX_EVENTS_PER_BATCH = 500
const MAX_BATCH_CHARS = 4 * 1024 * 1024

export async function measureDetections(
  engine: Pick<Engine, 'test' | 'guards'>,
  subjects: readonly MeasuredEvents[],
  repetitions: number,
  onMeasured: () => void,
): Promise<Measurement[]> {
  const measured: Measurement[] = []
  for (const { detection, entries } of subjects) {
    const events: MeasuredEvent[] = []
    for (const batch of batchesOf(entries, repetitions))
      events.push(...(await measureEvents(engine, detection, batch, repetitions)))
    measured.push(measurementOf(detection, events))
    onMeasured()
  }
  return measured.toSorted((a, b) => b.usPerEvent.withGuards - a.usPerEvent.withGuards)
}

/** Keeps the order. A batch holds at least one event. */
function batchesOf(entries: readonly JsonText[], repetitions: number): JsonText[][] {
  const batches: JsonText[][] = []
  let chars = 0
  for (const entry of entries) {
    const batch = batches.at(-1)
    const added = entry.length * repetitions
    chars += added
    if (batch && batch.length < MAX_EVENTS_PER_BATCH && chars <= MAX_BATCH_CHARS) batch.push(entry)
    else {
      batches.push([entry])
      chars = added
    }
  }
  return batches
}

/** What was measured of one event, over its repeated runs. */
interface MeasuredEvent {
  readonly isMatch: boolean
  /** The functions that `run` calls; null: the detection does not define the function. */
  readonly times: ReadonlyMap<FunctionName, number | null>
  readonly pythonUs: number
  readonly isDecided: boolean
  readonly guardUs: number | null
}

async function measureEvents(
  engine: Pick<Engine, 'test' | 'guards'>,
  { id, type }: Detection,
  entries: readonly JsonText[],
  repetitions: number,
): Promise<MeasuredEvent[]> {
  const events = entries.map((entry) => ({ detection: id, entry }))
  const calls = events.flatMap((event) =>
    Array.from({ length: repetitions }, () => ({ ...event, mocks: '[]', timeFunctions: true })),
  )
  const outcomes = await engine.test(calls)
  const reports = await engine.guards(events.map((event) => ({ ...event, isMeasured: true })))
  return events.map((_, i) => {
    const runs = outcomes.slice(i * repetitions, (i + 1) * repetitions)
    return measuredEvent(type, runs, reports[i] ?? null)
  })
}

function measuredEvent(
  type: Detection['type'],
  outcomes: readonly TestOutcome[],
  report: GuardReport | null,
): MeasuredEvent {
  const isMatch = outcomes[0]!.functions.detection?.output === alertsOn(type)
  // The other functions run in production only for a match.
  const called = FUNCTIONS.filter((name) => name === 'detection' || isMatch)
  const times = new Map(called.map((name) => [name, medianUs(outcomes, name)] as const))
  const pythonUs = sum([...times.values()].map((us) => us ?? 0))
  const isDecided = report?.explanation?.answer === 'silent'
  return { isMatch, times, pythonUs, isDecided, guardUs: report?.guardUs ?? null }
}

function measurementOf({ id, type }: Detection, events: readonly MeasuredEvent[]): Measurement {
  const functions = FUNCTIONS.flatMap((name) => {
    const times = events.flatMap((event) => event.times.get(name) ?? [])
    return times.length === 0 ? [] : [{ name: nameOf(name, type), calls: times.length, us: mean(times) }]
  })
  const guardTimes = events.flatMap(({ guardUs }) => guardUs ?? [])
  return {
    detection: id,
    events: events.length,
    decided: events.filter(({ isDecided }) => isDecided).length,
    matched: events.filter(({ isMatch }) => isMatch).length,
    functions,
    guardUs: guardTimes.length === 0 ? null : mean(guardTimes),
    usPerEvent: {
      withGuards: mean(events.map((each) => (each.guardUs ?? 0) + (each.isDecided ? 0 : each.pythonUs))),
      withoutGuards: mean(events.map(({ pythonUs }) => pythonUs)),
    },
  }
}

/** The name of the function in Python. */
function nameOf(name: FunctionName, type: Detection['type']): string {
  return functionLabel(name, type).replace('()', '')
}

/** Returns null where the detection does not define the function. */
function medianUs(outcomes: readonly TestOutcome[], name: FunctionName): number | null {
  const times = outcomes.flatMap(({ functionMs }) => functionMs?.[name] ?? []).toSorted((a, b) => a - b)
  const median = times[times.length >> 1]
  return median === undefined ? null : median * 1000
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.round((sum(values) * 1000) / values.length) / 1000
}
