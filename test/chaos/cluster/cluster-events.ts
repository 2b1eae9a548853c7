/** The events of a run of several daemons: which there are, in which partition each is, and in which order. Pure. */

/** The kinds of events; each has a log type and a detection of its own. */
export const EVENT_KINDS = [
  'Noise',
  'Open',
  'Merge',
  'Threshold',
  'Unique',
  'Counter',
  'First',
  'Second',
  'Request',
  'Answer',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

export interface ChaosEvent {
  readonly id: number
  readonly kind: EventKind
  /** What the detection counts by: a dedup key, a counter or a user. */
  readonly key: string
  /** The text that `unique()` returns. */
  readonly value: string
  /** Epoch ms: `p_event_time`. */
  readonly happenedAt: number
}

export interface PlacedEvent {
  readonly event: ChaosEvent
  readonly partition: number
}

export const THRESHOLD = 10
export const DISTINCT_VALUES = 5
export const COUNTER_ALERT_AT = 20
/** A detection that creates 1,000 alerts in an hour is muted, so these events are spread over several. */
const MAX_ALERTS_PER_DETECTION = 400
const MAX_USERS = 400

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** Users are so far apart, and the events of one so near, that no judgement depends on a second. */
const BETWEEN_USERS_MS = 20_000

/** Of 100 events so many are of this kind. What is left matches nothing. */
const SHARE: readonly (readonly [EventKind, number])[] = [
  ['Merge', 14],
  ['Threshold', 8],
  ['Unique', 5],
  ['Counter', 6],
  ['Open', 2],
  ['First', 2],
  ['Request', 2],
]
const KEYS: Partial<Record<EventKind, number>> = { Merge: 50, Threshold: 60, Unique: 30, Counter: 50 }
const HOT_SHARE = 0.4

export interface EventSettings {
  readonly partitions: number
  readonly events: number
  readonly startedAt: number
  readonly random: () => number
}

/** The number of detections over which events of the kind `Open` are spread. */
export function openDetections(events: number): number {
  return Math.max(1, Math.ceil((events * 0.03) / MAX_ALERTS_PER_DETECTION))
}

/** The log type of an event, which names its detection. */
export function logTypeOf({ kind, id }: ChaosEvent, events: number): string {
  return kind === 'Open' ? `Chaos.Open${id % openDetections(events)}` : `Chaos.${kind}`
}

export function textOf(event: ChaosEvent, events: number): string {
  return JSON.stringify({
    p_log_type: logTypeOf(event, events),
    p_event_time: new Date(event.happenedAt).toISOString(),
    ...event,
  })
}

/** Generates the events in the order in which they are published. */
export function* chaosEvents(settings: EventSettings): Generator<PlacedEvent> {
  const { events, partitions, random } = settings
  const planner = new EventPlanner(settings)
  while (planner.nextId < events) {
    const kind = kindOf(random() * 100)
    if (kind === 'First') yield* planner.sequence()
    else if (kind === 'Request') yield* planner.absence()
    else yield planner.plain(kind, Math.floor(random() * partitions))
  }
}

function kindOf(roll: number): EventKind {
  let end = 0
  for (const [kind, share] of SHARE) {
    end += share
    if (roll < end) return kind
  }
  return 'Noise'
}

class EventPlanner {
  readonly #settings: EventSettings
  #users = 0
  nextId = 0

  constructor(settings: EventSettings) {
    this.#settings = settings
  }

  plain(kind: EventKind, partition: number): PlacedEvent {
    const { random, startedAt, partitions } = this.#settings
    const key = this.#keyOf(kind)
    const value = `v${Math.floor(random() * 2 * DISTINCT_VALUES)}`
    // Most counters are counted in one partition, as a topic that is keyed well has them; a few are counted everywhere.
    const isPinned = kind === 'Counter' && numberOf(key) % 10 !== 0
    const at = isPinned ? numberOf(key) % partitions : partition
    return { event: { id: this.nextId++, kind, key, value, happenedAt: startedAt }, partition: at }
  }

  #keyOf(kind: EventKind): string {
    const { random } = this.#settings
    if (kind === 'Open') return `o${this.nextId}`
    if (kind === 'Merge' && random() < HOT_SHARE) return 'hot'
    // The square makes some keys rare, so that not every threshold is reached.
    return `k${Math.floor(random() ** 2 * (KEYS[kind] ?? 1))}`
  }

  /** A user's first step, and for most users the second one. They are in different partitions, in any order. */
  *sequence(): Generator<PlacedEvent> {
    const user = this.#nextUser('s')
    if (user === null) return
    const { random } = this.#settings
    const steps = [this.#step('First', user, 0)]
    if (random() < 0.8) steps.push(this.#step('Second', user, MINUTE_MS))
    yield* random() < 0.5 ? steps : steps.toReversed()
  }

  /**
   * A user's request, and for half of the users its answer. The answer is published before, in the same partition: a pass
   * that sees the request then sees the answer, too, however late a partition is read.
   */
  *absence(): Generator<PlacedEvent> {
    const user = this.#nextUser('a')
    if (user === null) return
    const { random, partitions } = this.#settings
    const partition = Math.floor(random() * partitions)
    if (random() < 0.5) yield { ...this.#step('Answer', user, MINUTE_MS), partition }
    yield { ...this.#step('Request', user, 0), partition }
  }

  #nextUser(prefix: string): { readonly key: string; readonly happenedAt: number } | null {
    if (this.#users >= 2 * MAX_USERS) return null
    const n = this.#users++
    return { key: `${prefix}${n}`, happenedAt: this.#settings.startedAt - 6 * HOUR_MS + n * BETWEEN_USERS_MS }
  }

  #step(kind: EventKind, user: { key: string; happenedAt: number }, afterMs: number): PlacedEvent {
    const { random, partitions } = this.#settings
    const event = { id: this.nextId++, kind, key: user.key, value: '', happenedAt: user.happenedAt + afterMs }
    return { event, partition: Math.floor(random() * partitions) }
  }
}

function numberOf(key: string): number {
  return Number(key.slice(1)) || 0
}
