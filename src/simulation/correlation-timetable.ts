/**
 * Decides when the correlation rules of a simulation are evaluated: at the slots of their schedules, as in `run`. A slot
 * at which a rule cannot find anything new is left out.
 */
import { absenceWaitMs, canWait } from '../correlation/correlation.ts'
import type { CorrelationRule } from '../correlation/correlation-decision.ts'
import { nextSlot, type Slot } from '../correlation/schedule-slots.ts'
import type { CorrelationSchedule } from '../model/project/correlation-definition.ts'
import type { Project } from '../model/project/project.ts'

interface TimedRule {
  readonly rule: CorrelationRule
  readonly members: ReadonlySet<string>
  readonly schedule: Extract<CorrelationSchedule, { everyMs: number }>
  /** How long after a signal a pass can find something without a new signal. */
  readonly reachMs: number
  slotAt: number
  hasNewSignals: boolean
  /** The time of the last signal; null: there was none. */
  lastSignalAt: number | null
}

export interface DueRule {
  readonly rule: CorrelationRule
  readonly slot: Slot
}

export class CorrelationTimetable {
  readonly #rules: readonly TimedRule[]

  constructor({ detections }: Pick<Project, 'detections'>) {
    this.#rules = [...detections.values()].flatMap(({ id, enabled, correlation, signalFields }) => {
      if (!enabled || !correlation) return []
      const schedule = { everyMs: intervalOf(correlation.schedule) }
      const waitMs = absenceWaitMs(correlation.lookbackMs, schedule.everyMs)
      return {
        rule: { id, correlation, signalFields },
        members: new Set(correlation.steps.map(({ rule }) => rule)),
        schedule,
        reachMs: canWait(correlation) ? 2 * correlation.lookbackMs + waitMs + schedule.everyMs : 0,
        slotAt: 0,
        hasNewSignals: false,
        lastSignalAt: null,
      }
    })
  }

  get rules(): readonly CorrelationRule[] {
    return this.#rules.map(({ rule }) => rule)
  }

  /**
   * Sets the first slot of each rule.
   * @param mayHaveSignals the store can hold signals that no pass has read.
   */
  begin(now: number, mayHaveSignals: boolean): void {
    for (const each of this.#rules) {
      each.slotAt = nextSlot(each.schedule, now).at
      each.hasNewSignals = mayHaveSignals
      each.lastSignalAt = mayHaveSignals ? now : null
    }
  }

  /** A signal of a detection was committed. */
  recordSignal(detection: string, at: number): void {
    for (const each of this.#rules) {
      if (!each.members.has(detection)) continue
      each.hasNewSignals = true
      each.lastSignalAt = Math.max(each.lastSignalAt ?? at, at)
    }
  }

  /** The first slot of all rules, up to which events can be committed together. */
  get nextAt(): number {
    return Math.min(...this.#rules.map(({ slotAt }) => slotAt))
  }

  /** Takes the first slot before a time at which a rule can find something; null: there is none. */
  takeDue(before: number): DueRule | null {
    let first: TimedRule | null = null
    for (const each of this.#rules) {
      if (each.slotAt >= before) continue
      if (!isActive(each)) each.slotAt = nextSlot(each.schedule, before - 1).at
      else if (first === null || each.slotAt < first.slotAt) first = each
    }
    return first === null ? null : takeSlot(first, first.slotAt)
  }

  /** The rules with signals that no pass has read. */
  takeUnread(at: number): readonly DueRule[] {
    return this.#rules.filter(({ hasNewSignals }) => hasNewSignals).map((each) => takeSlot(each, at))
  }
}

function takeSlot(each: TimedRule, at: number): DueRule {
  each.hasNewSignals = false
  each.slotAt = nextSlot(each.schedule, at).at
  return { rule: each.rule, slot: { at, intervalMs: each.schedule.everyMs } }
}

function isActive({ hasNewSignals, lastSignalAt, reachMs, slotAt }: TimedRule): boolean {
  return hasNewSignals || (lastSignalAt !== null && slotAt - lastSignalAt <= reachMs)
}

/** The library for cron expressions computes only future dates, so their distance is used for the past. */
function intervalOf(schedule: CorrelationSchedule): number {
  return 'everyMs' in schedule ? schedule.everyMs : nextSlot(schedule, 0).intervalMs
}
