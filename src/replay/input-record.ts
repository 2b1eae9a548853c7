/** Counts the events of a replay, and keeps the first ones that could not be evaluated. */
import type { InputProblem, ReplayedEvents } from '../model/replay/replay-report.ts'
import type { TimedEvent } from './evaluated-stream.ts'

const MAX_PROBLEMS_KEPT = 20
/** The reasons that are given where a file cannot be decompressed or decrypted. */
const DAMAGE = /^the (?:gzip data is corrupt|archive is damaged)/

interface SavedRecord extends Omit<ReplayedEvents, 'sample'> {
  readonly problems: readonly InputProblem[]
  readonly problemCount: number
}

type Counts = { -readonly [K in keyof Omit<ReplayedEvents, 'sample'>]: ReplayedEvents[K] }

export class InputRecord {
  readonly #counts: Counts
  readonly #problems: InputProblem[]
  #problemCount: number
  readonly #sample: number

  /** @param saved the record of an earlier run of the same replay, or null. */
  constructor(saved: SavedRecord | null, sample: number) {
    const { problems = [], problemCount = 0, ...counts } = saved ?? {}
    const none = {
      read: 0,
      evaluated: 0,
      rejected: 0,
      unclassified: 0,
      outside: 0,
      untimed: 0,
      from: null,
      until: null,
    }
    this.#counts = { ...none, ...counts }
    this.#problems = [...problems]
    this.#problemCount = problemCount
    this.#sample = sample
  }

  /** @param isWithin the time of the event is one that was asked for. */
  add({ outcomes, at, isTimed }: TimedEvent, isWithin: boolean): void {
    const counts = this.#counts
    const { envelope, outcome } = outcomes[0]!
    counts.read++
    if (outcome.status === 'rejected') {
      counts.rejected++
      const kind = DAMAGE.test(outcome.reason) ? 'damage' : 'rejected'
      const { origin: file = envelope.source, position } = envelope
      this.#problemCount++
      if (this.#problems.length < MAX_PROBLEMS_KEPT || kind === 'damage')
        this.#problems.push({ kind, file, position, reason: outcome.reason })
      return
    }
    if (outcome.status === 'unclassified') {
      counts.unclassified++
      return
    }
    if (!isWithin) {
      counts.outside++
      return
    }
    counts.evaluated++
    if (!isTimed) counts.untimed++
    counts.from = Math.min(counts.from ?? at, at)
    counts.until = Math.max(counts.until ?? at, at)
  }

  get read(): number {
    return this.#counts.read
  }

  get problems(): readonly InputProblem[] {
    return this.#problems
  }

  get problemCount(): number {
    return this.#problemCount
  }

  events(): ReplayedEvents {
    return { ...this.#counts, sample: this.#sample }
  }

  save(): SavedRecord {
    return { ...this.#counts, problems: [...this.#problems], problemCount: this.#problemCount }
  }
}
