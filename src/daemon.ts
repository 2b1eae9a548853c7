/** The composition root: builds the rooms, starts them in order, stops them in reverse. */
import { type Cleanups, createCleanups } from './daemon/cleanups.ts'
import { type Generation, prepareGeneration, startGeneration } from './daemon/generation.ts'
import { type DaemonOptions, type Ground, layGround } from './daemon/ground.ts'
import { createReloads, type Reloads } from './daemon/reloads.ts'
import { BODY_BYTES, buildRooms, type Rooms, startRooms } from './daemon/rooms.ts'
import { runSource } from './daemon/source-runs.ts'
import type { DeliveryCounts, RunSummary } from './daemon/tally.ts'
import { messageOf } from './errors.ts'
import { DELIVERY_STATES } from './store/store.ts'

export type { DaemonEvent } from './daemon/events.ts'
export type { DaemonOptions } from './daemon/ground.ts'
export type { RunSummary } from './daemon/tally.ts'

/** Deliveries that the summary names. */
const LEFT_TOLD = 20
const UNDELIVERED = DELIVERY_STATES.filter((state) => state !== 'delivered')

export interface Daemon {
  /** Resolves when the sources ended or the drain was asked for, and delivery has drained. */
  readonly finished: Promise<RunSummary>
  /** Takes no more events, lets what is under way settle, drains deliveries. */
  drain(): void
  /** Loads the whole project again, or keeps the old one and says why. */
  reload(): Promise<void>
}

/** Rejects with a UserError when it can't start; what had been started is stopped again. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const startedAt = performance.now()
  const cleanups = createCleanups(options.log)
  try {
    const ground = await layGround(options, cleanups)
    const before = await ground.store.countDeliveries()
    const rooms = buildRooms(ground, options, cleanups)
    await startRooms(ground, rooms, cleanups)
    const { generation } = ground.current
    const sources = ground.sources.map(({ spec }) => spec.name)
    options.onEvent({ kind: 'started', sources, store: ground.store.place, ...contentsOf(generation) })

    const reloads = reloadsOf(ground, rooms, options)
    cleanups.add(() => reloads.end())
    const run = { ground, rooms, cleanups, before, startedAt }
    const finished = finish(runSources(ground, rooms, options), run, options)
    // Whoever asks for the end gets its failure; nobody may be asking yet.
    finished.catch(() => {})
    return { finished, drain: () => ground.draining.abort(), reload: () => reloads.ask() }
  } catch (error) {
    await cleanups.run()
    throw error
  }
}

function runSources(ground: Ground, rooms: Rooms, options: DaemonOptions): Promise<void>[] {
  const { current, store, keepRejects, draining } = ground
  const { pipeline, tally, readiness, server } = rooms
  const { log, onEvent, stdin } = options
  const { eventBytes } = current.generation.project.settings.limits
  return ground.sources.map((opened) =>
    runSource(opened, {
      evaluate: (events) => current.generation.evaluate(events),
      pipeline,
      store,
      tally,
      readiness,
      keepRejects,
      onEvent,
      door: server,
      stdin,
      limits: { eventBytes, bodyBytes: BODY_BYTES },
      log,
      signal: draining.signal,
    }),
  )
}

interface Run {
  readonly ground: Ground
  readonly rooms: Rooms
  readonly cleanups: Cleanups
  readonly before: DeliveryCounts
  readonly startedAt: number
}

/** Waits for the sources, then for the deliveries, and stops everything. A source that can't be read ends the others. */
async function finish(
  runs: readonly Promise<void>[],
  { ground: { store, draining }, rooms: { delivery, tally, correlations }, cleanups, before, startedAt }: Run,
  { onEvent, drainTimeoutMs }: DaemonOptions,
): Promise<RunSummary> {
  try {
    await Promise.all(runs)
    // What the last events make is not left for the next run.
    await correlations.look()
    await correlations.stop()
    const exhausted = !draining.signal.aborted
    if (!exhausted) {
      const { pending, sending, waiting } = await store.countDeliveries()
      onEvent({ kind: 'draining', waiting: pending + sending + waiting })
    }
    await delivery.drain(drainTimeoutMs)
    // What is in flight is interrupted and waits again, so that the summary tells a state that lasts.
    await delivery.stop()
    const left = await store.deliveries({ states: UNDELIVERED, limit: LEFT_TOLD })
    const durationMs = performance.now() - startedAt
    return tally.summary(before, await store.countDeliveries(), { left, exhausted, durationMs })
  } finally {
    draining.abort()
    await Promise.allSettled(runs)
    await cleanups.run()
  }
}

function reloadsOf(
  { current, cache }: Ground,
  { pipeline, delivery, heartbeat, correlations }: Rooms,
  options: DaemonOptions,
): Reloads {
  const { log, onEvent } = options
  const kept = (error: unknown, message: string) => log.error({ error: messageOf(error) }, message)
  return createReloads({
    load: async () => startGeneration(await prepareGeneration(options), options, cache),
    handOver: async (next) => {
      const previous = current.generation
      const { registry } = next.project
      // Between commits: a plan made on the old registry would leave deliveries that nobody looks for any more.
      await pipeline
        .betweenCommits(() => {
          current.generation = next
          return delivery.reload(registry)
        })
        .catch((error) => kept(error, 'the deliveries could not all be fitted to the new registry'))
      await heartbeat.follow(registry.heartbeat)
      await correlations.follow(next.project)
      await previous.retire().catch((error) => kept(error, 'the engine before could not be stopped'))
    },
    onDone: (next) => onEvent({ kind: 'reloaded', ok: true, ...contentsOf(next) }),
    onRefused: (message) => onEvent({ kind: 'reloaded', ok: false, message }),
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
