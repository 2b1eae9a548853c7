/** Brings a job to its end although single calls or events end workers: names the guilty, runs the rest again. */

import type { Log } from '../model/ports.ts'
import type { Limits } from '../model/settings.ts'
import { endedCall, failedOutcome, failedUnitTest, plainError, withNote } from './ended-call.ts'
import type { Done, Ended } from './evaluator.ts'
import {
  type Body,
  budgetMs,
  type ItemOutcome,
  type Job,
  type Printed,
  type Skip,
  type Work,
} from './protocol.ts'

export interface ContainmentOptions {
  readonly run: (job: Job) => Promise<Done | Ended>
  readonly bodies: readonly Body[]
  readonly limits: Limits
  readonly log: Log
}

export class Containment {
  readonly #options: ContainmentOptions
  readonly #endings = new Map<number, number>()
  readonly #quarantined = new Set<number>()
  /** Bodies that ended a worker nobody knows at which item: from then on each item is marked. */
  readonly #singly = new Set<number>()

  constructor(options: ContainmentOptions) {
    this.#options = options
  }

  /** One outcome per item, in their order. */
  async run(
    work: Work,
    skips: readonly Skip[] = [],
    { watched = false } = {},
  ): Promise<readonly ItemOutcome[]> {
    const job = { work, skips, quarantined: [...this.#quarantined], singly: [...this.#singly], watched }
    const end = await this.#options.run(job)
    if (end.kind === 'done') {
      this.#logPrinted(end.printed)
      return end.outcomes
    }
    if (end.ending === 'tampering' && end.mark.body < 0 && !watched) {
      return this.run(work, skips, { watched: true })
    }
    if (this.#isVague(end, job)) return this.run(work, skips)
    const guilty = this.#guiltyCall(end, skips)
    if (guilty) return this.run(work, [...skips, guilty])
    return this.#runHalves(work, skips, end)
  }

  /** Then the work is done again, with exact marks for the body that was at it. */
  #isVague({ mark, ending }: Ended, job: Job): boolean {
    const body = this.#options.bodies[mark.body]
    if (!body || mark.isExact || job.singly.includes(mark.body)) return false
    this.#singly.add(mark.body)
    this.#options.log.warn({ detection: body.id, limit: ending }, 'a detection ended its worker: run again')
    return true
  }

  /** null: it ended outside of any body, or where that body was not even called. */
  #guiltyCall(end: Ended, skips: readonly Skip[]): Skip | null {
    const { bodies, limits, log } = this.#options
    const { mark, ending, message } = end
    const body = bodies[mark.body]
    const place = { body: mark.body, item: mark.item, function: mark.function }
    if (!body || mark.item < 0 || skips.some((skip) => isSame(skip, place))) return null
    const error = endedCall(body, end, budgetMs(mark, limits.timeMs))
    const endings = (this.#endings.get(mark.body) ?? 0) + 1
    this.#endings.set(mark.body, endings)
    log.warn({ detection: body.id, limit: ending, reason: message }, 'a detection ended its worker')
    if (endings < limits.quarantineAfter && ending !== 'tampering') return { ...place, error }
    const isFirst = !this.#quarantined.has(mark.body)
    this.#quarantined.add(mark.body)
    if (isFirst)
      log.error({ detection: body.id, endings }, 'the detection is quarantined until the next start')
    return {
      ...place,
      error: withNote(error, `quarantined until the next start after ${endings} such calls`),
    }
  }

  /** Bisects until the event that ends workers stands alone. */
  async #runHalves(work: Work, skips: readonly Skip[], end: Ended): Promise<readonly ItemOutcome[]> {
    const { length } = work.items
    if (length === 1) {
      this.#options.log.error({ reason: end.message, limit: end.ending }, 'an event crashed the evaluator')
      return [lostItem(work)]
    }
    const middle = length >> 1
    const halves = [
      this.run(slice(work, 0, middle), between(skips, 0, middle)),
      this.run(slice(work, middle, length), between(skips, middle, length)),
    ]
    return (await Promise.all(halves)).flat()
  }

  #logPrinted(printed: readonly Printed[]): void {
    for (const { body, text } of printed) {
      this.#options.log.debug({ detection: this.#options.bodies[body]?.id, text }, 'printed')
    }
  }
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
  const error = plainError('InterpreterEnded', reason)
  return kind === 'test' ? failedOutcome(error) : failedUnitTest(error)
}
