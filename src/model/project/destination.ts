/** Destinations as declared in destinations.yaml: names, filters, limits, and options that may hold secrets. */
import type { TimeInterval } from '../../core/time-intervals.ts'
import type { AlertKind } from '../alerts/alert-kind.ts'
import type { UpdateEvent } from '../alerts/alert-update.ts'
import type { Severity } from '../alerts/severity.ts'
import type { DestinationHandling } from './destination-handling.ts'

export interface RetryPolicy {
  /** Milliseconds after which a waiting delivery is dead. */
  readonly maxAgeMs: number
  /** 0 = no limit. */
  readonly maxAttempts: number
}

export interface RateLimit {
  readonly perMinute: number
  readonly burst: number
}

export interface Destination {
  readonly name: string
  /** Optional UUID, for repositories that name ids. */
  readonly id: string | null
  readonly previousNames: readonly string[]
  readonly type: string
  readonly enabled: boolean
  /** [] = only when named. */
  readonly severities: readonly Severity[]
  /** Groups expanded; null = all but the system kinds. */
  readonly alertTypes: readonly AlertKind[] | null
  /** Globs; null = all. */
  readonly logTypes: readonly string[] | null
  /** The two filters hold even when the destination is named explicitly. */
  readonly strict: boolean
  /** The options as written. Strings may contain `${env:X}` and `${file:PATH}`, which are resolved when they are used. */
  readonly options: Readonly<Record<string, unknown>>
  readonly retry: RetryPolicy
  readonly rateLimit: RateLimit | null
  /** The greatest number of concurrent deliveries. */
  readonly concurrency: number
  /** What it wants to know of alerts that were delivered to it. */
  readonly updates: readonly UpdateEvent[]
  /** Updates about repeated events are at least so far apart. */
  readonly repeatEveryMs: number
  readonly handling: DestinationHandling
  /** `file:line` of its entry. */
  readonly location: string
}

export interface Heartbeat {
  readonly cron: string
  readonly destinations: readonly string[]
}

/** The registry: frozen, in order of declaration. */
export interface Registry {
  readonly file: string
  readonly destinations: readonly Destination[]
  /** Names of the destinations of alerts that no other destination accepts. */
  readonly fallback: readonly string[]
  /** An alert that waits this long for a paused destination goes to the fallback, too. */
  readonly fallbackAfterMs: number
  readonly heartbeat: Heartbeat | null
  readonly onEscalation: 'count' | 'send'
  readonly intervals: readonly TimeInterval[]
}

/** Alerts are decided in the same way without a registry, and go nowhere. */
const NO_DESTINATIONS: Registry = {
  file: '',
  destinations: [],
  fallback: [],
  fallbackAfterMs: 0,
  heartbeat: null,
  onEscalation: 'count',
  intervals: [],
}

/** Why there is no registry: no file declares one, or the file that does has errors. */
export type NoRegistry = 'absent' | 'invalid'

/** The destinations that are declared; none without a registry. */
export function declaredDestinations(registry: Registry | NoRegistry): readonly Destination[] {
  return typeof registry === 'string' ? [] : registry.destinations
}

/** For simulations: an empty registry if there is none. */
export function registryOrEmpty(registry: Registry | NoRegistry): Registry {
  return typeof registry === 'string' ? NO_DESTINATIONS : registry
}

/** The key of deliveries: the id if there is one, so that a rename keeps them. */
export function destinationKey(destination: Pick<Destination, 'id' | 'name'>): string {
  return destination.id ?? destination.name
}
