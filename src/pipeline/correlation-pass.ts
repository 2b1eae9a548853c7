/**
 * One pass of a correlation rule over the signals after its cursor. Its findings are committed together with the
 * cursor: a crash at any moment repeats the pass, and never its alert.
 */

import { ageMs } from '../core/age.ts'
import { absenceLimit } from '../correlation/absence-limit.ts'
import { absenceWaitMs, canWait } from '../correlation/correlation.ts'
import { type CorrelationRule, findMatches } from '../correlation/correlation-decision.ts'
import type { MatchFinding } from '../model/alerts/finding.ts'
import type { Log } from '../model/ports.ts'
import type { SignalPosition, Store, StoredSignal } from '../store/store.ts'
import { CursorClaim } from './cursor-claim.ts'
import type { Pipeline } from './pipeline.ts'

export interface CorrelationPassPorts {
  readonly store: Pick<Store, 'take' | 'signals' | 'signalHorizon' | 'partitions'>
  readonly admit: Pipeline['admitMatches']
  readonly log: Log
}

interface PassContext {
  readonly now: number
  /** The time between two slots of the rule's schedule. */
  readonly intervalMs: number
}

/** The cursor of a rule, which this pass has taken. */
interface TakenCursor {
  readonly claim: CursorClaim
  /** null if no pass of the rule has committed a cursor. */
  readonly cursor: Cursor | null
}

interface Cursor {
  /** The position up to which a pass has read the signals. */
  readonly after: SignalPosition
  /** The time up to which absence was evaluated. */
  readonly at: number
}

/** How many new signals one commit covers. */
const PAGE_SIGNALS = 10_000
/** A pass holds at most so many signals in memory. */
const MAX_SIGNALS_PER_PASS = 100_000
const MAX_LATE_LISTED = 10

/** A new rule evaluates the signals that come from now on; the signals that its window holds already count, too. */
export async function initializeCursor(
  rule: CorrelationRule,
  now: number,
  ports: CorrelationPassPorts,
): Promise<void> {
  const { claim, cursor } = await takeCursor(rule, ports)
  if (cursor === null) await commitFirstCursor(claim, now, ports)
}

async function commitFirstCursor(
  claim: CursorClaim,
  now: number,
  ports: CorrelationPassPorts,
): Promise<void> {
  await commitCursor(claim, { after: await ports.store.signalHorizon(), at: now }, [], ports)
}

export async function runCorrelationPass(
  rule: CorrelationRule,
  context: PassContext,
  ports: CorrelationPassPorts,
): Promise<void> {
  const { now, intervalMs } = context
  const { lookbackMs } = rule.correlation
  const { claim, cursor: stored } = await takeCursor(rule, ports)
  if (stored === null) return commitFirstCursor(claim, now, ports)
  // If the clock was ahead, absence was evaluated for a time that is still to come: one window is evaluated again.
  const start = Number.isFinite(ageMs(stored.at, now)) ? stored : { ...stored, at: now - lookbackMs }
  const evaluatesAbsence = canWait(rule.correlation)
  // It comes before the horizon, which then includes what the partitions have committed up to it.
  const until = evaluatesAbsence ? Math.max(start.at, await presentAbsenceLimit(rule, now, ports)) : now
  // A signal behind the horizon is left to the next pass, to which it is new.
  const horizon = await ports.store.signalHorizon()
  const waitMs = absenceWaitMs(lookbackMs, intervalMs)
  // An absence that is evaluated now may have begun one window before the last pass.
  const absenceRanges = evaluatesAbsence ? [{ from: start.at - lookbackMs, to: until }] : []
  for (let { after } = start; ; ) {
    // Absence is evaluated over all new signals, not page by page.
    const newSignals = await readNewSignals(
      rule,
      { after, upTo: horizon },
      evaluatesAbsence ? Number.POSITIVE_INFINITY : PAGE_SIGNALS,
      ports,
    )
    const judgedAt = evaluatesAbsence ? start.at : null
    const pass = { after, upTo: newSignals.upTo, now, waitMs, judgedAt, judgesUntil: until }
    const findings: MatchFinding[] = []
    for (const span of mergeTimeRanges([...absenceRanges, ...newSignals.spans], 2 * lookbackMs)) {
      findings.push(
        ...findMatches(rule, await signalsOf(rule, { happened: span, upTo: horizon }, ports), pass),
      )
    }
    const isStale = evaluatesAbsence && until - start.at > lookbackMs
    if (findings.length === 0 && newSignals.spans.length === 0 && !isStale) return
    const isCommitted = await commitCursor(claim, { after: newSignals.upTo, at: until }, findings, ports)
    if (!isCommitted || newSignals.isLast) return
    after = newSignals.upTo
  }
}

async function presentAbsenceLimit(
  rule: CorrelationRule,
  now: number,
  { store, log }: CorrelationPassPorts,
): Promise<number> {
  const { until, late } = absenceLimit(await store.partitions(), now)
  if (late.length > 0) {
    log.warn(
      { detection: rule.id, partitions: late.slice(0, MAX_LATE_LISTED), late: late.length },
      'absence is evaluated although partitions are behind by more than an hour',
    )
  }
  return until
}

interface TimeRange {
  readonly from: number
  readonly to: number
}

interface PositionRange {
  readonly after: SignalPosition
  readonly upTo: SignalPosition
}

interface NewSignals {
  readonly upTo: SignalPosition
  /** The time of each new signal, as a range of no length. */
  readonly spans: readonly TimeRange[]
  readonly isLast: boolean
}

/** Reads the signals of a range page by page, until there are at least `most` of them. */
async function readNewSignals(
  rule: CorrelationRule,
  range: PositionRange,
  most: number,
  { store }: CorrelationPassPorts,
): Promise<NewSignals> {
  const spans: TimeRange[] = []
  for (let { after } = range; ; ) {
    const page = await store.signals({
      detections: membersOf(rule),
      after,
      upTo: range.upTo,
      limit: PAGE_SIGNALS,
    })
    for (const { happenedAt } of page) spans.push({ from: happenedAt, to: happenedAt })
    after = page.at(-1)?.position ?? after
    const isLast = page.length < PAGE_SIGNALS
    if (isLast || spans.length >= most) return { upTo: after, spans, isLast }
  }
}

/**
 * Extends each range by the time within which signals can belong to one match, and joins ranges that overlap. So a
 * signal with a wrong time has a range of its own, and the signals between it and the others are not read.
 */
function mergeTimeRanges(spans: readonly TimeRange[], reachMs: number): TimeRange[] {
  const merged: { from: number; to: number }[] = []
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && from - reachMs <= last.to) last.to = Math.max(last.to, to + reachMs)
    else merged.push({ from: from - reachMs, to: to + reachMs })
  }
  return merged
}

async function signalsOf(
  rule: CorrelationRule,
  range: { readonly happened: TimeRange; readonly upTo: SignalPosition },
  { store, log }: CorrelationPassPorts,
): Promise<readonly StoredSignal[]> {
  const signals = await store.signals({
    detections: membersOf(rule),
    ...range,
    latest: true,
    limit: MAX_SIGNALS_PER_PASS,
  })
  if (signals.length === MAX_SIGNALS_PER_PASS) {
    log.error(
      { detection: rule.id, signals: MAX_SIGNALS_PER_PASS },
      'a correlation rule has more signals than one pass can evaluate: ignoring the oldest',
    )
  }
  return signals
}

function membersOf({ correlation }: CorrelationRule): string[] {
  return [...new Set(correlation.steps.map(({ rule }) => rule))]
}

async function takeCursor(rule: CorrelationRule, { store }: CorrelationPassPorts): Promise<TakenCursor> {
  const held = await store.take(ruleCursorName(rule))
  const cursor = held.cursor === null ? null : (JSON.parse(held.cursor) as Cursor)
  return { claim: new CursorClaim(held), cursor }
}

/** Resolves with false if another pass of the rule has taken its cursor, which then evaluates the same signals. */
async function commitCursor(
  claim: CursorClaim,
  cursor: Cursor,
  findings: Parameters<CorrelationPassPorts['admit']>[0],
  { admit }: CorrelationPassPorts,
): Promise<boolean> {
  try {
    await admit(findings, claim, JSON.stringify(cursor))
    return true
  } catch (error) {
    if (claim.isFenced) return false
    throw error
  }
}

export function ruleCursorName({ id }: Pick<CorrelationRule, 'id'>): string {
  return `correlation:${id}`
}
