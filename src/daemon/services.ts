/** Creates the services of a daemon and connects them through their ports. */
import { hostname } from 'node:os'
import { createDelivery, type Delivery } from '../delivery/delivery.ts'
import { createEscalations, type Escalations } from '../delivery/escalation/escalations.ts'
import { deliveryGauges, escalationGauge } from '../delivery/gauges.ts'
import { createHttpClient, DEFAULT_HTTP_LIMITS } from '../delivery/http/http-client.ts'
import type { DestinationType } from '../destinations/_destination.ts'
import { UserError } from '../errors.ts'
import { systemClock } from '../model/ports.ts'
import { createPipeline, type Pipeline } from '../pipeline/pipeline.ts'
import { directRemover } from '../retention/direct-remover.ts'
import { createMetrics } from '../server/metrics.ts'
import { createServer, type Server } from '../server/server.ts'
import { VERSION } from '../version.ts'
import { isAnswerable } from '../workspace/hooks/answer-alert.ts'
import { openActs } from './access/open-acts.ts'
import { openApi } from './access/open-api.ts'
import type { Cleanups } from './cleanups.ts'
import { openConsole } from './console/open-console.ts'
import type { Generation } from './generation.ts'
import { SkippedEventsCounter } from './guard-reports.ts'
import { silenceGauges, stepsOf } from './handling-metrics.ts'
import { openHooks } from './hooks/open-hooks.ts'
import { memberGauges } from './members/member-gauges.ts'
import { detectionGauges } from './metrics/detection-metrics.ts'
import { PartitionStates } from './partitions/partition-states.ts'
import { createReadiness, type Readiness } from './readiness.ts'
import { createReloadStatus, type ReloadStatus } from './reload-status.ts'
import type { DaemonOptions, Resources } from './resources.ts'
import { RunStats } from './run-stats.ts'
import { type CorrelationScheduler, createCorrelationScheduler } from './schedules/correlation-scheduler.ts'
import { createHeartbeat, type HeartbeatSchedule } from './schedules/heartbeat.ts'
import { createRetentionSchedule, type RetentionSchedule } from './schedules/retention-schedule.ts'
import { startTextIndexing } from './schedules/text-indexing.ts'

const STORE_CHECK_INTERVAL_MS = 1_000

/** Bytes of one HTTP body. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024

export interface Services {
  readonly stats: RunStats
  readonly readiness: Readiness
  readonly partitions: PartitionStates
  readonly reloadStatus: ReloadStatus
  readonly skippedEvents: SkippedEventsCounter
  readonly pipeline: Pipeline
  readonly server: Server
  readonly delivery: Delivery
  readonly escalations: Escalations
  readonly heartbeat: HeartbeatSchedule
  readonly correlations: CorrelationScheduler
  readonly retention: RetentionSchedule
}

export function createServices(resources: Resources, options: DaemonOptions, cleanups: Cleanups): Services {
  const { current, store, clock, cache, draining, loss, absence, wakes } = resources
  const { log, onEvent } = options
  const metrics = createMetrics()
  const stats = new RunStats(metrics)
  const partitions = new PartitionStates(metrics)
  const readiness = createReadiness({
    clock,
    draining: draining.signal,
    sources: resources.sources.map(({ spec }) => spec.name),
    unavailable: () => [
      ...[loss.reason, absence.reason].filter((reason) => reason !== null),
      ...current.generation.unavailable(),
      ...partitions.reasons(),
    ],
  })
  const pipeline = createPipeline({
    store,
    cache,
    project: () => current.generation.project,
    onAdmitted: (admitted, deliveries) => {
      stats.recordAdmitted(admitted)
      for (const { stage, did } of admitted.flatMap(stepsOf))
        metrics.count('signalbox_alerts_handled_total', { stage, did })
      for (const each of admitted) onEvent({ kind: 'admitted', admitted: each })
      if (deliveries > 0) delivery.wake()
    },
    onCommitted: (ms) => metrics.observe('signalbox_commit_seconds', ms / 1_000),
    onConflict: (what) => metrics.count('signalbox_commit_conflicts_total', { what }),
    // Other daemons need a shared store, too.
    ...(store.isShared && {
      pace: {
        monotonic: () => performance.now(),
        pause: (ms) => clock.sleep(ms, draining.signal),
      },
    }),
  })
  const reloadStatus = createReloadStatus(clock)
  let heartbeatAt: number | null = null
  const skippedEvents = new SkippedEventsCounter(metrics)
  const storeGauges = async () => [
    ...(await memberGauges(store, systemClock.now())),
    ...(await silenceGauges(store, current.generation.project.handling)),
    ...(await deliveryGauges(store, current.generation.project.registry)),
    await escalationGauge(store),
    ...(await detectionGauges(store, current.generation.project.detections)),
  ]
  metrics.gauges(async () => {
    skippedEvents.record(current.generation)
    const build = { version: VERSION, node: process.versions.node }
    const buildInfo = { name: 'signalbox_build_info', value: 1, labels: build }
    const isAway = absence.reason !== null
    return [
      buildInfo,
      { name: 'signalbox_store_available', value: isAway ? 0 : 1 },
      ...reloadStatus.gauges(),
      ...(heartbeatAt === null
        ? []
        : [{ name: 'signalbox_heartbeat_timestamp_seconds', value: heartbeatAt / 1_000 }]),
      ...partitions.gauges(),
      // The other metrics are needed most while the store is away.
      ...(isAway ? [] : ((await absence.orAbsence(storeGauges())) ?? [])),
    ]
  })
  const acts = openActs(resources, options, () => delivery.wake())
  const api = openApi(resources, options, acts)
  const hooks = openHooks({
    store,
    project: () => current.generation.project,
    secrets: () => current.generation.secrets,
    absence,
    metrics,
    log,
    clock: systemClock,
    monotonic: () => performance.now(),
    wake: () => delivery.wake(),
  })
  const server = createServer({
    log,
    metrics,
    token: resources.token,
    rules: () => current.generation.access,
    tls: () => current.generation.tls,
    partsAt: resources.apiAddress,
    onPartsOpened: (url) => options.onEvent({ kind: 'console opened', url }),
    clock,
    names: (options.httpHosts ?? []).map((name) => name.toLowerCase()),
    ready: () => readiness.status(),
    bodyBytes: MAX_BODY_BYTES,
    absence,
    parts: [api.part, hooks, openConsole(resources, options, { streams: api.streams, acts })],
  })
  cleanups.add('HTTP server', () => Promise.all([api.close(), server.close()]).then(() => {}))
  const http = createHttpClient(DEFAULT_HTTP_LIMITS)
  cleanups.add('HTTP client', () => http.close())
  const { root, registry } = current.generation.project
  const delivery = createDelivery({
    store,
    registry,
    types: (type) => typeOf(current.generation, type),
    secrets: { reveal: (given) => current.generation.secrets.reveal(given) },
    http,
    clock,
    random: Math.random,
    log,
    metrics,
    onDelivered: () => stats.recordDelivered(),
    admit: (findings) => pipeline.admitSystem(findings),
    print: options.print,
    projectRoot: root,
    version: VERSION,
    isAnswerable: (destination) => isAnswerable(destination, current.generation.project.settings.hooks),
    cluster: () => {
      const { hash, project } = current.generation
      return { generation: hash, orphanAfterMs: project.settings.cluster.orphanAfterMs }
    },
  })
  wakes.onWork = () => delivery.wake()
  const escalations = createEscalations({
    store,
    clock,
    log,
    metrics,
    registry: () => current.generation.project.registry,
    admit: (findings) => pipeline.admitSystem(findings),
    onDeliveries: () => delivery.wake(),
  })
  const heartbeat = createHeartbeat({
    clock,
    admit: (findings) => pipeline.admitSystem(findings),
    log,
    onSent: (slot) => {
      heartbeatAt = slot
    },
  })
  const correlations = createCorrelationScheduler({
    store,
    clock,
    admit: (findings, claim, cursor) => pipeline.admitMatches(findings, claim, cursor),
    log,
    member: `${hostname()}:${process.pid}`,
  })
  const retention = createRetentionSchedule({
    store,
    clock,
    log,
    settings: () => current.generation.project.settings.retention,
    remover: () => directRemover(store),
    onRemoved: ({ removed }) => {
      for (const [kind, rows] of Object.entries(removed))
        metrics.count('signalbox_retention_removed_total', { kind }, rows)
    },
  })
  return {
    stats,
    readiness,
    partitions,
    reloadStatus,
    skippedEvents,
    pipeline,
    server,
    delivery,
    escalations,
    heartbeat,
    correlations,
    retention,
  }
}

/** Deliveries that waited since the last run are sent from here on. */
export async function startServices(
  { current, store, apiAddress }: Resources,
  { delivery, escalations, heartbeat, correlations, retention, server }: Services,
  cleanups: Cleanups,
): Promise<void> {
  if (apiAddress !== null) await server.listen(apiAddress)
  await delivery.start()
  cleanups.add('delivery', () => delivery.stop())
  escalations.start()
  cleanups.add('escalations', () => escalations.stop())
  await heartbeat.follow(current.generation.project.registry.heartbeat)
  cleanups.add('heartbeat', () => heartbeat.stop())
  await correlations.follow(current.generation.project)
  cleanups.add('correlation', () => correlations.stop())
  retention.start()
  cleanups.add('retention', () => retention.stop())
  const texts = startTextIndexing(store)
  cleanups.add('index of texts', () => texts.stop())
  // Every write checks the store; a daemon that writes nothing notices here that the store was lost.
  const watching = setInterval(() => void store.check().catch(() => {}), STORE_CHECK_INTERVAL_MS)
  cleanups.add('watch of the store', async () => clearInterval(watching))
}

async function typeOf({ types }: Generation, type: string): Promise<DestinationType> {
  const found = types.get(type)
  if (!found)
    throw new UserError(`the destination type "${type}" is not loaded`, { code: 'unloaded-destination-type' })
  return found
}
