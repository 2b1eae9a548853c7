/**
 * One look of a correlation rule at the signals behind its cursor. What it finds is committed together with the
 * cursor: a crash at any moment repeats the look, and never its alert.
 */
import { absenceWaitMs, canWait } from '../engine/correlation.ts'
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
  occasion: Occasion,
  ports: CorrelatePorts,
): Promise<void> {
  const { now, intervalMs, slot } = occasion
  const { lookbackMs } = rule.correlation
  const begun = await readCursor(rule, ports)
  const waits = canWait(rule.correlation)
  const waitMs = absenceWaitMs(lookbackMs, intervalMs)
  let isTaken = slot === null
  for (let { after } = begun; ; ) {
    // Absence is judged over all that has come, not page by page.
    const fresh = await newSignals(rule, after, waits ? Number.POSITIVE_INFINITY : PAGE, ports)
    // What is judged now may have happened a window before the last look.
    const times = waits ? [begun.at - lookbackMs, now, ...fresh.times] : fresh.times
    const signals = times.length > 0 ? await windowOf(rule, times, ports) : []
    const look = { after, upTo: fresh.upTo, now, waitMs, judgedAt: waits ? begun.at : null }
    const findings = findMatches(rule, signals, look)
    const isStale = waits && now - begun.at > lookbackMs
    if (findings.length === 0 && fresh.times.length === 0 && !isStale) return
    isTaken ||= await ports.store.once(cursorName(rule), slot!)
    if (!isTaken) return
    await move(rule, { after: fresh.upTo, at: now }, findings, ports)
    if (fresh.isLast) return
    after = fresh.upTo
  }
}

interface Fresh {
  readonly upTo: number
  /** The first and the last time at which one happened; none of none. */
  readonly times: readonly number[]
  readonly isLast: boolean
}

/** What came after a signal, at most so many of them and a page. */
async function newSignals(
  rule: CorrelationRule,
  after: number,
  most: number,
  { store }: CorrelatePorts,
): Promise<Fresh> {
  let [upTo, count, first, last] = [after, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (;;) {
    const page = await store.signals({ detections: membersOf(rule), after: upTo, limit: PAGE })
    for (const { happenedAt } of page) {
      first = Math.min(first, happenedAt)
      last = Math.max(last, happenedAt)
    }
    upTo = page.at(-1)?.id ?? upTo
    count += page.length
    const isLast = page.length < PAGE
    if (isLast || count >= most) return { upTo, times: count > 0 ? [first, last] : [], isLast }
  }
}

/** All that could be of one match with what happened at these times. */
async function windowOf(
  rule: CorrelationRule,
  times: readonly number[],
  { store, log }: CorrelatePorts,
): Promise<readonly StoredSignal[]> {
  const { lookbackMs } = rule.correlation
  const happened = { from: Math.min(...times) - 2 * lookbackMs, to: Math.max(...times) + 2 * lookbackMs }
  const signals = await store.signals({ detections: membersOf(rule), happened, limit: MOST_SIGNALS })
  if (signals.length === MOST_SIGNALS) {
    log.error(
      { detection: rule.id, signals: MOST_SIGNALS },
      'a correlation rule has more signals than it can look at: the latest are left out',
    )
  }
  return signals
}

function membersOf({ correlation }: CorrelationRule): string[] {
  return [...new Set(correlation.steps.map(({ rule }) => rule))]
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
