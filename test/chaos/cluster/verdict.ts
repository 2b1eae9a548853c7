/** Compares what the ledger demands with what the store, the receivers and the cache have. Pure. */
import type { AlertRow, DeliveryRow } from '../../../src/store/store.ts'
import type { ReceiverName } from './cluster-receiver.ts'
import type { KnownSpan } from './daemon-slot.ts'
import { type AlertCounts, alertName } from './ledger.ts'

export interface RunState {
  readonly alerts: readonly AlertRow[]
  readonly deliveries: readonly DeliveryRow[]
  /** The counters of the cache as the store has them. */
  readonly counters: ReadonlyMap<string, number>
  readonly arrivals: Readonly<Record<ReceiverName, ReadonlyMap<string, ReadonlyMap<string, number>>>>
  /** The times in which a daemon knew the third destination. */
  readonly knownSpans: readonly KnownSpan[]
}

export interface Expectation {
  readonly alerts: AlertCounts
  readonly matches: AlertCounts
  readonly counters: ReadonlyMap<string, number>
  /** False: the broker has events twice, and how often a match was found depends on the passes. */
  readonly hasExactMatches: boolean
}

export interface Verdict {
  /** What was not counted or did not arrive. */
  readonly lost: readonly string[]
  /** What was counted or made more than once. */
  readonly doubled: readonly string[]
  /** Alerts that no event explains, matches that are not due, wrong states of deliveries. */
  readonly wrong: readonly string[]
  /** Requests that were repeated under their own key. */
  readonly repeated: number
  readonly systemAlerts: ReadonlyMap<string, number>
}

/** System alerts that report a loss; nothing is lost at the broker in these runs. */
const LOSS = ['EventsExpired', 'LogRecreated', 'PartitionStopped']
/** The clocks of the harness and of the database are read at different moments. */
const MARGIN_MS = 1_500

export function judge(state: RunState, expected: Expectation): Verdict {
  const lost: string[] = []
  const doubled: string[] = []
  const wrong: string[] = []
  const system = state.alerts.filter(({ kind }) => kind.startsWith('SYSTEM') || kind === 'ROUTE_ERROR')
  const made = state.alerts.filter((alert) => !system.includes(alert))
  const isMatch = ({ detection, dedup }: AlertRow) => expected.matches.has(alertName(detection, dedup))
  const counted = expected.hasExactMatches
    ? made
    : made.map((alert) => (isMatch(alert) ? { ...alert, events: 1 } : alert))
  compareAlerts(counted, new Map([...expected.alerts, ...expected.matches]), { lost, doubled, wrong })
  for (const [name, count] of expected.counters) {
    const has = state.counters.get(name) ?? 0
    if (has < count) lost.push(`${name}: ${has} of ${count}`)
    if (has > count) doubled.push(`${name}: ${has} of ${count}`)
  }
  compareArrivals(state, made, { lost, doubled })
  wrong.push(...wrongDeliveries(state))
  for (const { title, notification } of system) {
    if (LOSS.some((code) => notification.includes(code))) wrong.push(`system alert: ${title}`)
  }
  return { lost, doubled, wrong, repeated: repeatedRequests(state), systemAlerts: countByTitle(system) }
}

interface Faults {
  readonly lost: string[]
  readonly doubled: string[]
  readonly wrong: string[]
}

function compareAlerts(alerts: readonly AlertRow[], expected: AlertCounts, faults: Faults): void {
  const counted = new Map<string, number[]>()
  for (const { detection, dedup, events } of alerts) {
    const name = alertName(detection, dedup)
    counted.set(name, [...(counted.get(name) ?? []), events])
  }
  for (const [name, events] of expected) {
    const found = counted.get(name) ?? []
    const sum = found.reduce((total, each) => total + each, 0)
    if (sum < events) faults.lost.push(`${name}: ${sum} of ${events} events`)
    if (sum > events) faults.doubled.push(`${name}: ${sum} of ${events} events`)
    if (found.length > 1) faults.doubled.push(`${name}: ${found.length} alerts`)
  }
  for (const name of counted.keys()) {
    if (!expected.has(name)) faults.wrong.push(`${name}: an alert that is not due`)
  }
}

/** Each alert arrives at both receivers that every registry has, and under one key. */
function compareArrivals(
  { arrivals }: RunState,
  alerts: readonly AlertRow[],
  { lost, doubled }: Pick<Faults, 'lost' | 'doubled'>,
): void {
  for (const { id, detection, dedup } of alerts) {
    for (const receiver of ['main', 'second'] as const) {
      if (!arrivals[receiver].has(id)) lost.push(`${alertName(detection, dedup)}: not at ${receiver}`)
    }
  }
  for (const [receiver, alertsOf] of Object.entries(arrivals)) {
    for (const [id, keys] of alertsOf) {
      if (keys.size > 1) doubled.push(`alert ${id}: ${keys.size} keys at ${receiver}`)
    }
  }
}

function wrongDeliveries({ deliveries, knownSpans }: RunState): string[] {
  return deliveries.flatMap(({ id, state, destination, reason, createdAt }) => {
    if (state === 'orphaned' && destination !== 'third')
      return [`delivery ${id} to ${destination} is orphaned`]
    if (state !== 'delivered' && state !== 'orphaned') return [`delivery ${id} to ${destination} is ${state}`]
    if (!reason.startsWith('fallback: ')) return []
    // The third destination is handed over only while no daemon knows it.
    const isKnown = knownSpans.some(
      ({ from, until }) => createdAt > from + MARGIN_MS && createdAt < until - MARGIN_MS,
    )
    const isThird = reason.includes('third')
    return isKnown || !isThird ? [`delivery ${id} went to the fallback: ${reason}`] : []
  })
}

function repeatedRequests({ arrivals }: RunState): number {
  let repeated = 0
  for (const alerts of Object.values(arrivals)) {
    for (const keys of alerts.values()) for (const count of keys.values()) repeated += count - 1
  }
  return repeated
}

function countByTitle(alerts: readonly AlertRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { title } of alerts) counts.set(title, (counts.get(title) ?? 0) + 1)
  return counts
}
