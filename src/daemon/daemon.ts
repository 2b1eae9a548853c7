/** The composition root: opens resources, creates services, starts them in order and stops them in reverse. */

import { hostname } from 'node:os'
import { messageOf } from '../errors.ts'
import type { SystemFinding } from '../model/alerts/finding.ts'
import type { Envelope } from '../model/events/event.ts'
import type { Secrets } from '../model/ports.ts'
import { DELIVERY_STATES, type DeliveryCounts, isScheduled, UNDELIVERED_STATES } from '../store/store.ts'
import { type Cleanups, createCleanups } from './cleanups.ts'
import { createEnding, type Ending } from './ending.ts'
import { type Generation, prepareGeneration, startGeneration } from './generation.ts'
import { createCursorHolder } from './members/cursor-holder.ts'
import type { OpenedSource } from './open-sources.ts'
import { ByteBudget } from './partitions/byte-budget.ts'
import { runPartitionedSource } from './partitions/partitions.ts'
import { createReloads, type Reloads } from './reloads.ts'
import { type DaemonOptions, openResources, type Resources } from './resources.ts'
import type { RunSummary } from './run-stats.ts'
import { createServices, MAX_BODY_BYTES, type Services, startServices } from './services.ts'
import { runSource } from './source-runs.ts'

export type { DaemonEvent } from './events.ts'
export type { DaemonOptions } from './resources.ts'
export type { RunSummary } from './run-stats.ts'

/** The summary lists at most so many deliveries. */
const MAX_UNDELIVERED_LISTED = 20

export interface Daemon {
  /** Resolves when the sources ended or a drain was requested, and the deliveries are drained. */
  readonly finished: Promise<RunSummary>
  /** Stops reading events, waits until those under way are settled, drains deliveries. */
  drain(): void
  /** The rest of the drain time, once the end has begun. */
  remainingMs(): number
  /** Loads the whole project again. If that fails, the old one stays active and the reason is reported. */
  reload(): Promise<void>
}

/** A store can hold so many that arrived that counting them takes minutes. */
const COUNTED_STATES = DELIVERY_STATES.filter((state) => state !== 'delivered')

/** Rejects with a UserError if the daemon cannot start; the parts that were started are stopped again. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const startedAt = performance.now()
  const cleanups = createCleanups(options.log)
  try {
    const resources = await openResources(options, cleanups)
    const before = await resources.store.countDeliveries(COUNTED_STATES)
    const services = createServices(resources, options, cleanups)
    await startServices(resources, services, cleanups)
    const { generation } = resources.current
    const sources = resources.sources.map(({ spec }) => spec.name)
    options.onEvent({ kind: 'started', sources, store: resources.store.location, ...contentsOf(generation) })

    const reloads = reloadsOf(resources, services, options)
    cleanups.add('reload', () => reloads.stop())
    const ending = createEnding(options.drainTimeoutMs, options.log)
    resources.draining.signal.addEventListener('abort', () => ending.begin())
    const run = { resources, services, cleanups, ending, before, startedAt }
    const finished = finish(runSources(resources, services, options), run, options)
    // A caller that awaits `finished` gets the failure; until one does, the rejection must not end the process.
    finished.catch(() => {})
    return {
      finished,
      drain: () => resources.draining.abort(),
      remainingMs: () => ending.remainingMs(),
      reload: () => reloads.request(),
    }
  } catch (error) {
    await cleanups.run()
    throw error
  }
}

interface SourceRun {
  readonly source: string
  readonly ended: Promise<void>
}

function runSources(resources: Resources, services: Services, options: DaemonOptions): SourceRun[] {
  const { current, store, hostId, clock, writeRejects, recorder, draining } = resources
  const { pipeline, stats, readiness, server, partitions } = services
  const { log, onEvent, stdin } = options
  const { limits, cluster } = current.generation.project.settings
  let seq = 0
  const inFlight = new ByteBudget(cluster.inFlightBytes)
  const member = `${hostname()}:${process.pid}`
  const parts = {
    evaluate: (events: readonly Envelope[]) => current.generation.evaluate(events),
    pipeline,
    store,
    cursors: (source: string) =>
      createCursorHolder(source, { store, clock, log, member, signal: draining.signal }),
    hostId,
    clock,
    stats,
    readiness,
    writeRejects,
    recorder,
    nextSeq: () => seq++,
    onEvent,
    limits: { eventBytes: limits.eventBytes, bodyBytes: MAX_BODY_BYTES },
    log,
    signal: draining.signal,
    admitSystem: (findings: readonly SystemFinding[]) => pipeline.admitSystem(findings),
    states: partitions,
    member,
    leaseMs: cluster.leaseMs,
    monotonic: () => performance.now(),
  }
  const run = ({ spec, keySpace, source }: OpenedSource): Promise<void> => {
    if (!('list' in source))
      return runSource({ spec, keySpace, source }, { ...parts, ingress: server, stdin })
    const reveal: Secrets['reveal'] = (given) => current.generation.secrets.reveal(given)
    return runPartitionedSource({ spec, keySpace, source }, { ...parts, reveal, inFlight })
  }
  return resources.sources.map((opened) => {
    const ended = run(opened)
    // A source that did not end in time can fail at any later time.
    ended.catch(() => {})
    return { source: opened.spec.name, ended }
  })
}

interface Run {
  readonly resources: Resources
  readonly services: Services
  readonly cleanups: Cleanups
  readonly ending: Ending
  readonly before: DeliveryCounts
  readonly startedAt: number
}

/** Waits for the sources, then for the deliveries, and stops everything. A source that cannot be read ends the others. */
async function finish(
  runs: readonly SourceRun[],
  { resources, services: { delivery, stats, correlations }, cleanups, ending, before, startedAt }: Run,
  { onEvent }: DaemonOptions,
): Promise<RunSummary> {
  const { store, clock, draining } = resources
  const sourcesEnded = () => Promise.all(runs.map(({ source, ended }) => ending.wait(source, ended)))
  try {
    await sourcesEnded()
    const exhausted = !draining.signal.aborted
    ending.begin()
    // The signals of the last events are evaluated now, not by the next run.
    await ending.wait(
      'correlation',
      correlations.runAll().then(() => correlations.stop()),
    )
    if (!exhausted) {
      const { pending, sending, waiting } = await store.countDeliveries(UNDELIVERED_STATES)
      onEvent({ kind: 'draining', waiting: pending + sending + waiting })
    }
    // An outcome could not be recorded in a store that was lost.
    if (resources.loss.reason === null) await delivery.drain(ending.remainingMs())
    // Deliveries in flight are interrupted and wait again, so that the summary reports their final state.
    await delivery.stop()
    const open = await store.deliveries({ states: UNDELIVERED_STATES, limit: MAX_UNDELIVERED_LISTED })
    const undelivered = open.filter((delivery) => !isScheduled(delivery, clock.now()))
    const durationMs = performance.now() - startedAt
    return stats.summary(before, await store.countDeliveries(COUNTED_STATES), {
      undelivered,
      exhausted,
      durationMs,
      lost: resources.loss.reason,
    })
  } finally {
    draining.abort()
    await sourcesEnded().catch(() => {})
    await cleanups.run()
  }
}

function reloadsOf(
  { current, cache }: Resources,
  { pipeline, delivery, heartbeat, correlations, reloadStatus, skippedEvents, server }: Services,
  options: DaemonOptions,
): Reloads {
  const { log, onEvent } = options
  const logAndContinue = (error: unknown, message: string) => log.error({ error: messageOf(error) }, message)
  return createReloads({
    onRequested: (begins) => onEvent({ kind: 'reload requested', begins }),
    load: async () => startGeneration(await prepareGeneration(options), options, cache),
    activate: async (next) => {
      const previous = current.generation
      const { registry } = next.project
      // The switch happens between commits: a plan for the old registry would create deliveries that are never claimed.
      await pipeline
        .betweenCommits(() => {
          current.generation = next
          return delivery.reload(registry)
        })
        .catch((error) => logAndContinue(error, 'failed to reconcile deliveries with the new registry'))
      server.renewCertificate()
      await heartbeat.follow(registry.heartbeat)
      await correlations.follow(next.project)
      await previous.retire().catch((error) => logAndContinue(error, 'failed to stop the previous engine'))
      skippedEvents.record(previous)
    },
    onDone: (next) => {
      reloadStatus.recordSuccess()
      onEvent({ kind: 'reloaded', ok: true, ...contentsOf(next) })
    },
    onRefused: (message, code) => {
      reloadStatus.recordFailure()
      onEvent({ kind: 'reloaded', ok: false, message, code })
    },
  })
}

function contentsOf({ project, invalid, warnings }: Generation) {
  const enabled = (each: { readonly enabled: boolean }) => each.enabled
  return {
    detections: [...project.detections.values()].filter(enabled).length,
    destinations: project.registry.destinations.filter(enabled).length,
    invalid,
    warnings,
  }
}
