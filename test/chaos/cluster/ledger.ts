/** The ledger of a run of several daemons: what the events must have made of alerts and counters. Pure. */
import { type ChaosEvent, COUNTER_ALERT_AT, DISTINCT_VALUES, logTypeOf, THRESHOLD } from './cluster-events.ts'

/** `DETECTION KEY` -> the number of events that the alert must have counted. */
export type AlertCounts = ReadonlyMap<string, number>

export const SEQUENCE_RULE = 'Chaos.Sequence'
export const ABSENCE_RULE = 'Chaos.Absence'

export function alertName(detection: string, key: string): string {
  return `${detection} ${key}`
}

/** The name of a counter in the cache. */
export function counterName(key: string): string {
  return `chaos-counter-${key}`
}

export class ClusterLedger {
  readonly #events: number
  readonly #counts = new Map<string, number>()
  readonly #values = new Map<string, Set<string>>()
  readonly #users = { First: new Set<string>(), Second: new Set<string>() }
  readonly #asked = new Set<string>()
  readonly #answered = new Set<string>()
  readonly #ids = new Set<number>()
  #added = 0

  /** @param events the planned number, which decides on the names of detections. */
  constructor(events: number) {
    this.#events = events
  }

  /** The number of events in the broker. */
  get added(): number {
    return this.#added
  }

  /** The number of events without those that the broker has a second time. */
  get distinct(): number {
    return this.#ids.size
  }

  /** Counts an event that is in the broker. */
  add(event: ChaosEvent): void {
    this.#added++
    this.#ids.add(event.id)
    const { kind, key, value } = event
    if (kind === 'First' || kind === 'Second') this.#users[kind].add(key)
    else if (kind === 'Request') this.#asked.add(key)
    else if (kind === 'Answer') this.#answered.add(key)
    else if (kind !== 'Noise') {
      const name = alertName(logTypeOf(event, this.#events), key)
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
      if (kind === 'Unique') this.#valuesOf(name).add(value)
    }
  }

  /** The alerts of detections without correlation. */
  expectedAlerts(): AlertCounts {
    const expected = [...this.#counts].flatMap(([name, count]): [string, number][] => {
      if (name.startsWith('Chaos.Threshold ')) return count >= THRESHOLD ? [[name, count]] : []
      if (name.startsWith('Chaos.Unique '))
        return this.#valuesOf(name).size >= DISTINCT_VALUES ? [[name, count]] : []
      // The rule matches at one value of the counter alone.
      if (name.startsWith('Chaos.Counter ')) return count >= COUNTER_ALERT_AT ? [[name, 1]] : []
      return [[name, count]]
    })
    return new Map(expected)
  }

  /** The matches of the two correlation rules, one for each user. */
  expectedMatches(): AlertCounts {
    const followed = [...this.#users.First].filter((user) => this.#users.Second.has(user))
    const unanswered = [...this.#asked].filter((user) => !this.#answered.has(user))
    return new Map([
      ...followed.map((user) => [alertName(SEQUENCE_RULE, user), 1] as const),
      ...unanswered.map((user) => [alertName(ABSENCE_RULE, user), 1] as const),
    ])
  }

  /** The counters of the cache by their names. */
  expectedCounters(): ReadonlyMap<string, number> {
    const prefix = 'Chaos.Counter '
    return new Map(
      [...this.#counts].flatMap(([name, count]) =>
        name.startsWith(prefix) ? [[counterName(name.slice(prefix.length)), count] as const] : [],
      ),
    )
  }

  #valuesOf(name: string): Set<string> {
    const known = this.#values.get(name) ?? new Set<string>()
    this.#values.set(name, known)
    return known
  }
}
