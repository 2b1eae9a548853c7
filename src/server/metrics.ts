/** Implements the metrics port with prom-client. Labels that a metric does not declare are dropped. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { GaugeSample, Metrics } from '../model/ports.ts'

/** A metric has at most so many series; further labels become `other`. */
const MAX_SERIES = 1000

interface Declared {
  readonly help: string
  readonly labels: readonly string[]
}

/** Gauges of the library whose names say that they are counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

export const DECLARED_METRICS: Readonly<Record<string, Declared>> = {
  signalbox_build_info: {
    help: '1, with the version of Signalbox and of Node.',
    labels: ['version', 'node'],
  },
  signalbox_events_total: {
    help: 'Events by outcome: accepted, duplicate, rejected, unclassified.',
    labels: ['source', 'outcome'],
  },
  signalbox_partitions: {
    help: 'Partitions that this daemon holds, by state: behind, caught_up, waiting, stopped.',
    labels: ['source', 'state'],
  },
  signalbox_messages_passed_total: {
    help: 'Messages of a broker that are no events, for example the tombstones of Kafka.',
    labels: ['source'],
  },
  signalbox_partitions_owned: { help: 'Partitions that this daemon holds.', labels: ['source'] },
  signalbox_partitions_unowned: {
    help: 'Partitions of the source that no daemon holds.',
    labels: ['source'],
  },
  signalbox_partition_lag: {
    help: 'Messages of a partition that this daemon has not read yet, for at most 200 partitions.',
    labels: ['source', 'partition'],
  },
  signalbox_source_lag: {
    help: 'Messages that this daemon has not read yet, in all partitions that it holds.',
    labels: ['source'],
  },
  signalbox_source_lag_highest: {
    help: 'The highest lag of a partition that this daemon holds.',
    labels: ['source'],
  },
  signalbox_lease_losses_total: {
    help: 'Leases of partitions that ended early: another daemon has taken them, or they expired.',
    labels: ['source', 'why'],
  },
  signalbox_fences_total: {
    help: 'Commits that were refused, because another daemon had taken the partition.',
    labels: ['source'],
  },
  signalbox_poison_total: {
    help: 'Events of partitions that went to the rejects.',
    labels: ['source'],
  },
  signalbox_commit_conflicts_total: {
    help: 'Commits that were decided again, by what another writer had changed: group, limiter, seen, rules, item, other.',
    labels: ['what'],
  },
  signalbox_alerts_handled_total: {
    help: 'Steps of the handling of new alerts, by stage and result: passed, hid, held, gathered, replaced, scheduled.',
    labels: ['stage', 'did'],
  },
  signalbox_silences: {
    help: 'Silences that have not ended, by origin: file, store.',
    labels: ['origin'],
  },
  signalbox_silence_ends_timestamp_seconds: {
    help: 'The end of the silence that ends next, by origin. It is missing without a silence.',
    labels: ['origin'],
  },
  signalbox_members: {
    help: 'Daemons of the store by the number of their project. The highest number is the newest project.',
    labels: ['generation'],
  },
  signalbox_clock_offset_seconds: {
    help: 'The time of the store minus that of this host.',
    labels: [],
  },
  signalbox_events_without_python_total: {
    help: 'Events for which guards and the index left no detection to Python, counted for each trust group.',
    labels: [],
  },
  signalbox_detection_matches_total: {
    help: 'Events that a detection matched, by detection.',
    labels: ['detection'],
  },
  signalbox_detection_errors_total: {
    help: 'Events for which a function of a detection failed, by detection.',
    labels: ['detection'],
  },
  signalbox_detections: {
    help: 'Detections of the project by state: enabled, muted, disabled.',
    labels: ['state'],
  },
  signalbox_commit_seconds: {
    help: 'Time of a commit of effects of events, until it is on disk.',
    labels: [],
  },
  signalbox_heartbeat_timestamp_seconds: {
    help: 'The slot of the last heartbeat that this daemon has found in the store or put there. It is missing before the first.',
    labels: [],
  },
  signalbox_alerts_total: { help: 'Alerts created.', labels: ['kind', 'severity'] },
  signalbox_deliveries_total: { help: 'Delivery attempts by outcome.', labels: ['destination', 'outcome'] },
  signalbox_delivery_attempt_seconds: { help: 'Time of one delivery attempt.', labels: ['type'] },
  signalbox_deliveries_open: { help: 'Deliveries that are not delivered, by state.', labels: ['state'] },
  signalbox_escalations_waiting: { help: 'Steps of escalations that wait for their time.', labels: [] },
  signalbox_escalations_total: {
    help: 'Steps of escalations that this daemon has taken, by result: sent, ended, missed, released.',
    labels: ['result'],
  },
  signalbox_destination_paused: { help: '1 while the destination is paused.', labels: ['destination'] },
  signalbox_destination_failures: {
    help: 'Consecutive failures; from 5 on one delivery at a time is tried.',
    labels: ['destination'],
  },
  signalbox_config_last_reload_successful: {
    help: '1 if the last reload of the project succeeded, or none was requested; 0 if it failed.',
    labels: [],
  },
  signalbox_config_last_reload_success_timestamp_seconds: {
    help: 'Unix time at which the project was last loaded successfully.',
    labels: [],
  },
  signalbox_store_available: {
    help: '1; 0 while the database of the store cannot be reached.',
    labels: [],
  },
  signalbox_hooks_total: {
    help: 'What hooks reported, by outcome: done, unchanged, late, repeated, unknown, ignored, challenge, malformed, refused, limited, failed.',
    labels: ['hook', 'outcome'],
  },
  signalbox_retention_removed_total: {
    help: 'Rows that retention has removed, by kind: alerts, deliveries (their alerts stay), audit.',
    labels: ['kind'],
  },
  signalbox_problems_total: { help: 'Problems by code, such as unknown-destination.', labels: ['code'] },
}

type Labels = Readonly<Record<string, string>>

/** A metric with its declared labels and the series that it has so far. */
interface Series<M> {
  readonly metric: M
  readonly labels: readonly string[]
  readonly seen: Set<string>
}

/** The metrics port, and its text for a scraper. */
export interface ExposedMetrics extends Metrics {
  readonly contentType: string
  text(): Promise<string>
  /** The gauges are read for every scrape. */
  gauges(read: () => Promise<readonly GaugeSample[]>): void
}

export function createMetrics(): ExposedMetrics {
  return new PromMetrics()
}

class PromMetrics implements ExposedMetrics {
  readonly #registry = new Registry()
  readonly #counters = new Map<string, Series<Counter>>()
  readonly #histograms = new Map<string, Series<Histogram>>()
  readonly #gauges = new Map<string, Series<Gauge>>()
  #read: () => Promise<readonly GaugeSample[]> = async () => []

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  gauges(read: () => Promise<readonly GaugeSample[]>): void {
    this.#read = read
  }

  async text(): Promise<string> {
    const read = await this.#read()
    // Values of removed things, such as a destination, are not exposed any more, and do not count as series.
    for (const { metric, seen } of this.#gauges.values()) {
      metric.reset()
      seen.clear()
    }
    for (const { name, value, labels = {} } of read) {
      const series = this.#series(this.#gauges, name, labels, (settings) => new Gauge(settings))
      series?.metric.set(bounded(series, labels), value)
    }
    return this.#registry.metrics()
  }

  count(name: string, labels: Labels = {}, by = 1): void {
    const series = this.#series(this.#counters, name, labels, (settings) => new Counter(settings))
    series?.metric.inc(bounded(series, labels), by)
  }

  observe(name: string, value: number, labels: Labels = {}): void {
    const series = this.#series(this.#histograms, name, labels, (settings) => new Histogram(settings))
    series?.metric.observe(bounded(series, labels), value)
  }

  /** Returns the metric of that name and creates it at its first use; undefined if another kind of metric has the name. */
  #series<M>(
    known: Map<string, Series<M>>,
    name: string,
    labels: Labels,
    make: (settings: { name: string; help: string; labelNames: string[]; registers: Registry[] }) => M,
  ): Series<M> | undefined {
    const legal = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')
    const found = known.get(legal)
    if (found) return found
    if (this.#registry.getSingleMetric(legal)) return undefined
    const { help, labels: labelNames } = DECLARED_METRICS[legal] ?? {
      help: legal,
      labels: Object.keys(labels),
    }
    const metric = make({ name: legal, help, labelNames: [...labelNames], registers: [this.#registry] })
    const series = { metric, labels: labelNames, seen: new Set<string>() }
    known.set(legal, series)
    return series
  }
}

function bounded({ labels, seen }: Series<unknown>, given: Labels): Record<string, string> {
  const values = labels.map((label) => given[label] ?? '')
  const key = JSON.stringify(values)
  const isWithin = seen.has(key) || seen.size < MAX_SERIES
  if (isWithin) seen.add(key)
  return Object.fromEntries(labels.map((label, i) => [label, isWithin ? values[i]! : 'other']))
}
