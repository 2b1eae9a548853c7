/** MAIN THREAD. Completes a job although single calls or events end workers: finds the offender and runs the rest again. */

import { failedOutcome, syntheticError } from '../../model/events/outcome.ts'
import type { Log } from '../../model/ports.ts'
import type { Limits } from '../../model/project/settings.ts'
import type { Body, ItemOutcome, Job, Printed, Skip, Work } from '../protocol/messages.ts'
import { budgetMs } from '../protocol/progress-marker.ts'
import { isOverflowOfEvent } from '../protocol/stack-sizes.ts'
import { failedUnitTest, terminatedCall, withNote } from '../protocol/terminated-call.ts'
import type { CompletedJob, WorkerTermination } from './worker-handle.ts'

/** The names come from Python, so a body may have made them up. */
const MAX_CHANGED_VALUES = 1000

interface FaultIsolationOptions {
  readonly run: (job: Job) => Promise<CompletedJob | WorkerTermination>
  readonly bodies: readonly Body[]
  readonly limits: Limits
  readonly log: Log
}

export class FaultIsolation {
  readonly #options: FaultIsolationOptions
  readonly #terminations = new Map<number, number>()
  readonly #quarantined = new Set<number>()
  /** The values of helpers for which a warning was logged. */
  readonly #reportedChanges = new Set<string>()
  /** Bodies that ended a worker at an unknown item. From then on each of their items is marked. */
  readonly #individuallyMarked = new Set<number>()

  #eventsWithoutPython = 0

  constructor(options: FaultIsolationOptions) {
    this.#options = options
  }

  /** The events for which no detection had to run, since the start. */
  get eventsWithoutPython(): number {
    return this.#eventsWithoutPython
  }

  /** Returns one outcome per item, in their order. */
  async run(
    work: Work,
    skips: readonly Skip[] = [],
    { checkIntegrity = false } = {},
  ): Promise<readonly ItemOutcome[]> {
    const job = {
      work,
      skips,
      quarantined: [...this.#quarantined],
      markEachItem: [...this.#individuallyMarked],
      checkIntegrity,
    }
    const end = await this.#options.run(job)
    if (end.kind === 'done') {
      this.#logPrinted(end.printed)
      this.#warnOfChanges(end.changedValues)
      this.#eventsWithoutPython += end.eventsWithoutPython
      return end.outcomes
    }
    if (this.#isInexact(end, job)) return this.run(work, skips, { checkIntegrity: true })
    if (!checkIntegrity && this.#needsIntegrityChecks(end, work))
      return this.run(work, skips, { checkIntegrity: true })
    const offendingSkip = this.#offendingCall(end, work, skips)
    if (offendingSkip) return this.run(work, [...skips, offendingSkip])
    return this.#runHalves(work, skips, end)
  }

  /**
   * A marker says where a worker ended, but not which body made it end there. Before a body is quarantined or an event is
   * blamed, the work runs again body by body, with an integrity check after each one; see
   * docs/decisions/0013-nothing-is-blamed-on-a-marker-alone.md.
   */
  #needsIntegrityChecks(end: WorkerTermination, work: Work): boolean {
    const { marker, reason } = end
    if (this.#options.bodies[marker.body] === undefined) return true
    if (isEndedByEvent(end, work)) return false
    const terminations = (this.#terminations.get(marker.body) ?? 0) + 1
    return reason !== 'tampering' && terminations >= this.#options.limits.quarantineAfter
  }

  /** If the marker is inexact, the work runs again with exact markers for the body that was running. */
  #isInexact({ marker, reason }: WorkerTermination, job: Job): boolean {
    const body = this.#options.bodies[marker.body]
    if (!body || marker.isExact || job.markEachItem.includes(marker.body)) return false
    this.#individuallyMarked.add(marker.body)
    this.#options.log.warn(
      { detection: body.id, limit: reason },
      'a detection ended its worker; running its events again',
    )
    return true
  }

  /** null: the worker ended outside of any body, or in a body that was not called. */
  #offendingCall(end: WorkerTermination, work: Work, skips: readonly Skip[]): Skip | null {
    const { bodies, limits, log } = this.#options
    const { marker, reason, message } = end
    const body = bodies[marker.body]
    const call = { body: marker.body, item: marker.item, function: marker.function }
    if (!body || marker.item < 0 || skips.some((skip) => isSame(skip, call))) return null
    const error = terminatedCall(body, end, budgetMs(marker, limits.timeMs))
    log.warn({ detection: body.id, limit: reason, reason: message }, 'a detection ended its worker')
    if (isEndedByEvent(end, work)) return { ...call, error }
    const terminations = (this.#terminations.get(marker.body) ?? 0) + 1
    this.#terminations.set(marker.body, terminations)
    if (terminations < limits.quarantineAfter && reason !== 'tampering') return { ...call, error }
    const isFirst = !this.#quarantined.has(marker.body)
    this.#quarantined.add(marker.body)
    if (isFirst)
      log.error(
        { detection: body.id, endings: terminations },
        'the detection is quarantined until the next start',
      )
    return {
      ...call,
      error: withNote(error, `quarantined until the next start after ${terminations} such calls`),
    }
  }

  /** Bisects until one event is left that ends workers. */
  async #runHalves(
    work: Work,
    skips: readonly Skip[],
    end: WorkerTermination,
  ): Promise<readonly ItemOutcome[]> {
    const { length } = work.items
    if (length === 1) {
      this.#options.log.error({ reason: end.message, limit: end.reason }, 'an event crashed the evaluator')
      return [lostItem(work)]
    }
    const middle = length >> 1
    const halves = [
      this.run(slice(work, 0, middle), between(skips, 0, middle), { checkIntegrity: true }),
      this.run(slice(work, middle, length), between(skips, middle, length), { checkIntegrity: true }),
    ]
    return (await Promise.all(halves)).flat()
  }

  /** Logs one warning per value, because some helpers keep state in their values on purpose. */
  #warnOfChanges(names: readonly string[]): void {
    for (const name of names) {
      if (this.#reportedChanges.has(name) || this.#reportedChanges.size >= MAX_CHANGED_VALUES) continue
      this.#reportedChanges.add(name)
      this.#options.log.warn({ name }, 'a detection changed a value of a helper that all detections share')
    }
  }

  #logPrinted(printed: readonly Printed[]): void {
    for (const { body, text } of printed) {
      this.#options.log.debug({ detection: this.#options.bodies[body]?.id, text }, 'printed')
    }
  }
}

/** Such an end does not quarantine the detection; otherwise the sender of events could switch the detection off. */
function isEndedByEvent({ marker, reason, message }: WorkerTermination, { kind, items }: Work): boolean {
  if (kind !== 'evaluate' || reason !== 'crash') return false
  return isOverflowOfEvent(message, items[marker.item]?.raw.length ?? 0)
}

function isSame(a: Omit<Skip, 'error'>, b: Omit<Skip, 'error'>): boolean {
  return a.body === b.body && a.item === b.item && a.function === b.function
}

function slice(work: Work, from: number, to: number): Work {
  return { ...work, items: work.items.slice(from, to) } as Work
}

function between(skips: readonly Skip[], from: number, to: number): Skip[] {
  return skips
    .filter(({ item }) => item >= from && item < to)
    .map((skip) => ({ ...skip, item: skip.item - from }))
}

function lostItem({ kind }: Work): ItemOutcome {
  const reason = 'crashed the evaluator'
  if (kind === 'evaluate') return { status: 'rejected', reason }
  if (kind === 'guards') return { states: [], explanation: null, guardUs: null }
  const error = syntheticError('InterpreterEnded', reason)
  return kind === 'test' ? failedOutcome(error) : failedUnitTest(error)
}
