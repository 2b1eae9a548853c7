/**
 * One look of a correlation rule at the signals behind its cursor. What it finds is committed together with the
 * cursor: a crash at any moment repeats the look, and never its alert.
 */
import { absenceWaitMs } from '../engine/correlation.ts'
import { type CorrelationRule, findMatches } from '../engine/correlation-decision.ts'
import type { Log } from '../model/ports.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Store, StoredSignal } from '../store/store.ts'

export interface CorrelatePorts {
  readonly store: Pick<Store, 'cursor' | 'signals' | 'latestSignal' | 'once'>
  readonly admit: Pipeline['admitMatches']
  readonly log: Log
}

export interface Occasion {
  readonly now: number
  /** Of the rule's schedule. */
  readonly intervalMs: number
  /** Of several daemons one takes it; null: whoever asks looks. */
  readonly slot: string | null
}

interface Cursor {
  /** The last signal that was looked at. */
  readonly after: number
  /** When absence was judged last. */
  readonly at: number
}

/** New signals per commit. */
const PAGE = 10_000
/** Signals that one look takes into memory. */
const MOST_SIGNALS = 100_000

/** A rule that is new looks at what comes from now on; what its window holds already counts with it. */
export async function beginCursor(rule: CorrelationRule, now: number, ports: CorrelatePorts): Promise<void> {
  if ((await ports.store.cursor(cursorName(rule))) !== null) return
  await move(rule, { after: await ports.store.latestSignal(), at: now }, [], ports)
}

export async function correlate(
  rule: CorrelationRule,
  { now, intervalMs, slot }: Occasion,
  ports: CorrelatePorts,
): Promise<void> {
  const { correlation } = rule
  const { lookbackMs } = correlation
  const begun = await readCursor(rule, ports)
  const waits = correlation.steps.some(({ absent }) => absent)
  const waitMs = absenceWaitMs(lookbackMs, intervalMs)
  const detections = [...new Set(correlation.steps.map((step) => step.rule))]
  let { after } = begun
  let isTaken = slot === null
  // Of everything that has come since the last look: absence is judged over all of it, once, at the end.
  const times = waits ? [begun.at, now] : []
  for (let isLast = false; !isLast; ) {
    const fresh = await ports.store.signals({ detections, after, limit: PAGE })
    isLast = fresh.length < PAGE
    const upTo = fresh.at(-1)?.id ?? after
    const isStale = waits && now - begun.at > lookbackMs
    times.push(...rangeOf(fresh))
    const judged = waits && isLast
    const around = judged ? times : rangeOf(fresh)
    const signals = around.length > 0 ? await windowOf(rule, detections, around, ports) : []
    const look = {
      after: judged ? begun.after : after,
      upTo,
      now,
      waitMs,
      judgedAt: judged ? begun.at : null,
    }
    const findings = findMatches(rule, signals, look)
    if (findings.length === 0 && fresh.length === 0 && !isStale) return
    isTaken ||= await ports.store.once(cursorName(rule), slot!)
    if (!isTaken) return
    await move(rule, { after: upTo, at: isLast ? now : begun.at }, findings, ports)
    after = upTo
  }
}

/** All that could be of one match with what happened at these times. */
async function windowOf(
  { id, correlation: { lookbackMs } }: CorrelationRule,
  detections: readonly string[],
  times: readonly number[],
  { store, log }: CorrelatePorts,
): Promise<readonly StoredSignal[]> {
  const happened = { from: Math.min(...times) - 2 * lookbackMs, to: Math.max(...times) + 2 * lookbackMs }
  const signals = await store.signals({ detections, happened, limit: MOST_SIGNALS })
  if (signals.length === MOST_SIGNALS) {
    log.error(
      { detection: id, signals: MOST_SIGNALS },
      'a correlation rule has more signals than it can look at: the latest are left out',
    )
  }
  return signals
}

/** The first and the last time; none of none. */
function rangeOf(signals: readonly StoredSignal[]): number[] {
  if (signals.length === 0) return []
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { happenedAt } of signals) {
    first = Math.min(first, happenedAt)
    last = Math.max(last, happenedAt)
  }
  return [first, last]
}

async function readCursor(rule: CorrelationRule, { store }: CorrelatePorts): Promise<Cursor> {
  const text = await store.cursor(cursorName(rule))
  return text === null ? { after: 0, at: 0 } : (JSON.parse(text) as Cursor)
}

function move(
  rule: CorrelationRule,
  cursor: Cursor,
  findings: Parameters<CorrelatePorts['admit']>[0],
  { admit }: CorrelatePorts,
): Promise<void> {
  return admit(findings, { source: cursorName(rule), cursor: JSON.stringify(cursor) })
}

function cursorName({ id }: CorrelationRule): string {
  return `correlation:${id}`
}
