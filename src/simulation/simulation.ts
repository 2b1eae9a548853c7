/**
 * Runs evaluated events through the pipeline of `run` with the time of the events as the clock: dedup, thresholds,
 * correlation and routing. The store belongs to the simulation, and nothing is sent.
 */
import type { MatchFinding } from '../model/alerts/finding.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { Log } from '../model/ports.ts'
import type { RoutedProject } from '../model/project/project.ts'
import { initializeCursor, runCorrelationPass } from '../pipeline/correlation-pass.ts'
import { CursorClaim } from '../pipeline/cursor-claim.ts'
import { createPipeline, type Pipeline } from '../pipeline/pipeline.ts'
import type { AdmitResult } from '../pipeline/planner.ts'
import { CorrelationTimetable, type DueRule } from './correlation-timetable.ts'
import type { SimulationStore } from './simulation-store.ts'

const SOURCE = 'replay'

export interface SimulationOptions {
  readonly project: RoutedProject
  readonly opened: SimulationStore
  /** Events whose cached items have changed are evaluated again. */
  readonly evaluate: (events: readonly Envelope[]) => Promise<readonly EvaluatedEvent[]>
  readonly onAdmitted: (admitted: readonly AdmitResult[]) => void
  readonly log: Log
}

export class Simulation {
  readonly #options: SimulationOptions
  readonly #pipeline: Pipeline
  readonly #claim: CursorClaim
  readonly #timetable: CorrelationTimetable
  /** The time of the latest event; null before the first one. */
  #now: number | null = null
  /** The cursor that an earlier run has committed, or null. */
  readonly cursor: string | null

  private constructor(options: SimulationOptions, claim: CursorClaim, cursor: string | null) {
    this.#options = options
    this.#claim = claim
    this.cursor = cursor
    this.#timetable = new CorrelationTimetable(options.project)
    this.#pipeline = createPipeline({
      store: options.opened.store,
      cache: options.opened.cache,
      project: () => options.project,
      onAdmitted: options.onAdmitted,
    })
  }

  static async open(options: SimulationOptions): Promise<Simulation> {
    const held = await options.opened.store.take(SOURCE)
    return new Simulation(options, new CursorClaim(held), held.cursor)
  }

  /**
   * Resolves when the events are committed. Correlation rules whose slots lie between them are evaluated in between.
   * @param events in the order of their times, except those that came late.
   * @param cursorAfter gives the cursor that is committed with the first events, by their number.
   */
  async admit(
    events: readonly EvaluatedEvent[],
    cursorAfter: (count: number) => string | null = () => null,
  ): Promise<void> {
    for (let from = 0; from < events.length; ) {
      const at = this.#timeOf(events[from]!)
      await this.#passTime(at)
      const to = this.#endOfSlot(events, from)
      await this.#commit(events.slice(from, to), cursorAfter(to))
      from = to
    }
  }

  /** Continues a simulation that an earlier run has brought to this time. A slot at this time is still to come. */
  async resume(at: number): Promise<void> {
    await this.#begin(at, at - 1)
    this.#now = at
  }

  /** Evaluates the correlation rules once more, as a daemon does when its sources have ended. */
  async end(): Promise<void> {
    for (const due of this.#timetable.takeUnread(this.#now ?? 0)) await this.#pass(due)
  }

  /** Runs the passes that are due before a time, and sets the time. */
  async #passTime(to: number): Promise<void> {
    if (this.#now === null) await this.#begin(to)
    for (let due = this.#timetable.takeDue(to); due !== null; due = this.#timetable.takeDue(to)) {
      this.#options.opened.advance(due.slot.at)
      await this.#pass(due)
    }
    this.#options.opened.advance(to)
    this.#now = Math.max(this.#now ?? to, to)
  }

  async #begin(at: number, slotsAfter = at): Promise<void> {
    this.#options.opened.advance(at)
    this.#timetable.begin(slotsAfter, this.cursor !== null)
    for (const rule of this.#timetable.rules) await initializeCursor(rule, at, this.#passPorts())
  }

  /** The index behind the last event that is committed before the next slot of a rule. */
  #endOfSlot(events: readonly EvaluatedEvent[], from: number): number {
    const { nextAt } = this.#timetable
    let to = from + 1
    while (to < events.length && this.#timeOf(events[to]!) <= nextAt) to++
    return to
  }

  async #commit(events: readonly EvaluatedEvent[], cursor: string | null): Promise<void> {
    const { opened, evaluate } = this.#options
    for (const event of events) this.#now = Math.max(this.#now ?? 0, this.#timeOf(event))
    opened.advance(this.#now ?? 0)
    for (const { outcome } of events) {
      if (outcome.status !== 'evaluated') continue
      for (const { detection } of outcome.findings) this.#timetable.recordSignal(detection, outcome.at)
    }
    await this.#pipeline.admit({
      queue: SOURCE,
      events,
      claim: this.#claim,
      cursor,
      evaluateAgain: async (outdated) => evaluate(outdated),
    })
  }

  async #pass({ rule, slot }: DueRule): Promise<void> {
    await runCorrelationPass(rule, { now: slot.at, intervalMs: slot.intervalMs }, this.#passPorts())
  }

  #passPorts() {
    const { opened, log } = this.#options
    const admit = async (findings: readonly MatchFinding[], claim: CursorClaim, cursor: string) => {
      // The matches of a correlation rule are signals, too.
      for (const { detection, event } of findings) this.#timetable.recordSignal(detection, event.at)
      await this.#pipeline.admitMatches(findings, claim, cursor)
    }
    return { store: opened.store, admit, log }
  }

  /** An event that was not evaluated has the time of the one before it. */
  #timeOf({ outcome }: EvaluatedEvent): number {
    return outcome.status === 'evaluated' ? outcome.at : (this.#now ?? 0)
  }
}
