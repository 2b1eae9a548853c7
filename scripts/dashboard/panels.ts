// The panels of the dashboard for Grafana. scripts/dashboard.ts makes deploy/grafana/signalbox.json of them.

/** Chosen in the dashboard; a test puts values in their place. */
export const INSTANCE = '$instance'
export const RATE_INTERVAL = '$__rate_interval'

const OF = `{instance=~"${INSTANCE}"}`
const rate = (metric: string) => `rate(${metric}${OF}[${RATE_INTERVAL}])`
const ofInstances = (metric: string, ...matchers: readonly string[]) =>
  `${metric}{${[`instance=~"${INSTANCE}"`, ...matchers].join(',')}}`

export interface Query {
  readonly expr: string
  readonly legend: string
}

export interface Panel {
  readonly title: string
  readonly description: string
  /** One number, or lines over time. */
  readonly kind: 'stat' | 'lines'
  /** A unit of Grafana. */
  readonly unit: 'short' | 'ops' | 's' | 'bytes' | 'percentunit' | 'dateTimeFromNow'
  readonly queries: readonly Query[]
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

export const ROWS: readonly Row[] = [
  {
    title: 'State',
    panels: [
      {
        title: 'Daemons that can be scraped',
        description: 'Daemons of the job signalbox that answer Prometheus.',
        kind: 'stat',
        unit: 'short',
        queries: [{ expr: `sum(${ofInstances('up', 'job="signalbox"')})`, legend: 'daemons' }],
      },
      {
        title: 'Store can be reached',
        description: '0 while the database of the store cannot be reached.',
        kind: 'stat',
        unit: 'short',
        queries: [{ expr: `min(signalbox_store_available${OF})`, legend: 'reachable' }],
      },
      {
        title: 'Last reload succeeded',
        description: '0 if the last reload of a project failed, so that the daemon runs an earlier one.',
        kind: 'stat',
        unit: 'short',
        queries: [{ expr: `min(signalbox_config_last_reload_successful${OF})`, legend: 'succeeded' }],
      },
      {
        title: 'Project loaded',
        description: 'When a project was last loaded successfully.',
        kind: 'stat',
        unit: 'dateTimeFromNow',
        queries: [
          {
            expr: `max(signalbox_config_last_reload_success_timestamp_seconds${OF}) * 1000`,
            legend: 'loaded',
          },
        ],
      },
      {
        title: 'Versions',
        description: 'Daemons by the version of Signalbox and of Node.',
        kind: 'lines',
        unit: 'short',
        queries: [
          {
            expr: `count by (version, node) (signalbox_build_info${OF})`,
            legend: '{{version}}, Node {{node}}',
          },
        ],
      },
      {
        title: 'Daemons by project',
        description:
          'Daemons of a store by the number of their project. Two numbers for long mean that a deployment is stuck.',
        kind: 'lines',
        unit: 'short',
        queries: [{ expr: `max by (generation) (signalbox_members${OF})`, legend: 'project {{generation}}' }],
      },
    ],
  },
  {
    title: 'Events',
    panels: [
      {
        title: 'Events per second',
        description: 'By source and outcome.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (source, outcome) (${rate('signalbox_events_total')})`,
            legend: '{{source}} {{outcome}}',
          },
        ],
      },
      {
        title: 'Rejected events',
        description: 'The share of the events that cannot be evaluated. The rejects file has the reasons.',
        kind: 'lines',
        unit: 'percentunit',
        queries: [
          {
            expr: `(sum by (source) (rate(${ofInstances('signalbox_events_total', 'outcome="rejected"')}[${RATE_INTERVAL}])) or 0 * sum by (source) (${rate('signalbox_events_total')})) / sum by (source) (${rate('signalbox_events_total')})`,
            legend: '{{source}}',
          },
        ],
      },
      {
        title: 'Messages not read yet',
        description: 'The lag of the partitions of each source.',
        kind: 'lines',
        unit: 'short',
        queries: [
          { expr: `sum by (source) (signalbox_source_lag${OF})`, legend: '{{source}}' },
          {
            expr: `max by (source) (signalbox_partitions_unowned${OF})`,
            legend: '{{source}}: partitions without a daemon',
          },
        ],
      },
      {
        title: 'Events without Python',
        description: 'Events per second for which guards and the index left no detection to Python.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          { expr: `sum(${rate('signalbox_events_without_python_total')})`, legend: 'without Python' },
        ],
      },
    ],
  },
  {
    title: 'Alerts',
    panels: [
      {
        title: 'Alerts per second',
        description: 'Alerts created, by severity and kind.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (severity, kind) (${rate('signalbox_alerts_total')})`,
            legend: '{{severity}} {{kind}}',
          },
        ],
      },
      {
        title: 'Detections that match most',
        description: 'Matches per second of the ten detections with the most.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `topk(10, sum by (detection) (${rate('signalbox_detection_matches_total')}))`,
            legend: '{{detection}}',
          },
        ],
      },
      {
        title: 'Detections that fail most',
        description:
          'Events per second for which a function of a detection failed, of the ten detections with the most.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `topk(10, sum by (detection) (${rate('signalbox_detection_errors_total')}))`,
            legend: '{{detection}}',
          },
        ],
      },
      {
        title: 'Detections',
        description: 'Detections of the project by state.',
        kind: 'lines',
        unit: 'short',
        queries: [{ expr: `max by (state) (signalbox_detections${OF})`, legend: '{{state}}' }],
      },
      {
        title: 'Time of commits',
        description: 'The time in which 95 of 100 commits are on disk.',
        kind: 'lines',
        unit: 's',
        queries: [
          {
            expr: `histogram_quantile(0.95, sum by (le) (${rate('signalbox_commit_seconds_bucket')}))`,
            legend: 'commits',
          },
        ],
      },
      {
        title: 'Last heartbeat',
        description: 'The age of the last heartbeat. It is empty without a heartbeat in destinations.yaml.',
        kind: 'lines',
        unit: 's',
        queries: [{ expr: `time() - max(signalbox_heartbeat_timestamp_seconds${OF})`, legend: 'heartbeat' }],
      },
      {
        title: 'Handling',
        description:
          'Steps of the handling of new alerts per second: silences, inhibitions, hours, escalations.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (stage, did) (${rate('signalbox_alerts_handled_total')})`,
            legend: '{{stage}} {{did}}',
          },
        ],
      },
      {
        title: 'Silences',
        description: 'Silences that have not ended, by origin.',
        kind: 'lines',
        unit: 'short',
        queries: [{ expr: `max by (origin) (signalbox_silences${OF})`, legend: '{{origin}}' }],
      },
      {
        title: 'Reports of hooks',
        description: 'What people did in Slack, PagerDuty and Jira, by outcome.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (hook, outcome) (${rate('signalbox_hooks_total')})`,
            legend: '{{hook}} {{outcome}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Delivery',
    panels: [
      {
        title: 'Attempts per second',
        description: 'By destination and outcome.',
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (destination, outcome) (${rate('signalbox_deliveries_total')})`,
            legend: '{{destination}} {{outcome}}',
          },
        ],
      },
      {
        title: 'Deliveries not delivered',
        description: 'By state. Each daemon counts all of the store.',
        kind: 'lines',
        unit: 'short',
        queries: [{ expr: `max by (state) (signalbox_deliveries_open${OF})`, legend: '{{state}}' }],
      },
      {
        title: 'Time of attempts',
        description: 'The time in which 95 of 100 attempts have ended, by type.',
        kind: 'lines',
        unit: 's',
        queries: [
          {
            expr: `histogram_quantile(0.95, sum by (type, le) (${rate('signalbox_delivery_attempt_seconds_bucket')}))`,
            legend: '{{type}}',
          },
        ],
      },
      {
        title: 'Paused or failing destinations',
        description: '1 for a paused destination, and the failures in a row of each.',
        kind: 'lines',
        unit: 'short',
        queries: [
          {
            expr: `max by (destination) (signalbox_destination_paused${OF})`,
            legend: '{{destination}} paused',
          },
          {
            expr: `max by (destination) (signalbox_destination_failures${OF})`,
            legend: '{{destination}} failures',
          },
        ],
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'Cores',
        description: 'Cores that each daemon uses.',
        kind: 'lines',
        unit: 'short',
        queries: [{ expr: rate('process_cpu_seconds_total'), legend: '{{instance}}' }],
      },
      {
        title: 'Memory',
        description: 'Memory of each daemon.',
        kind: 'lines',
        unit: 'bytes',
        queries: [{ expr: `process_resident_memory_bytes${OF}`, legend: '{{instance}}' }],
      },
    ],
  },
]
