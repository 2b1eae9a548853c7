/** The composition root: builds the rooms, starts them in order, stops them in reverse. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type Generation,
  type GenerationOptions,
  prepareGeneration,
  startGeneration,
} from './daemon/generation.ts'
import { startHeartbeat } from './daemon/heartbeat.ts'
import { createIntake, type Emit } from './daemon/intake.ts'
import { createRejects } from './daemon/rejects.ts'
import { openSources } from './daemon/sources.ts'
import { supervise } from './daemon/supervise.ts'
import { type RunSummary, Tally } from './daemon/tally.ts'
import { createDelivery } from './delivery/delivery.ts'
import { createHttpClient, DEFAULT_HTTP_LIMITS } from './delivery/http-client.ts'
import type { DestinationType } from './destinations/_destination.ts'
import { messageOf, UserError } from './errors.ts'
import type { EvaluatedEvent } from './model/evaluation.ts'
import type { SystemFinding } from './model/finding.ts'
import { systemClock } from './model/ports.ts'
import type { Problem } from './model/problem.ts'
import { createPipeline, type Pipeline } from './pipeline/pipeline.ts'
import type { Admitted } from './pipeline/planner.ts'
import { createMetrics } from './server/metrics.ts'
import { createServer } from './server/server.ts'
import type { SourceContext, SourceSpec } from './sources/_source.ts'
import { openStore } from './store/open.ts'
import { DELIVERY_STATES, type Store } from './store/store.ts'
import { VERSION } from './version.ts'
import { DEFAULT_STORE } from './workspace.ts'

export type { RunSummary } from './daemon/tally.ts'

/** Deliveries that the summary names. */
const LEFT_TOLD = 20
const UNDELIVERED = DELIVERY_STATES.filter((state) => state !== 'delivered')
const BODY_BYTES = 16 * 1024 * 1024
const DEFAULT_REJECTS = '.signalbox/rejects.ndjson'

export interface DaemonOptions extends GenerationOptions {
  /** `--from` texts; none: those of signalbox.yaml. */
  readonly from: readonly string[]
  readonly storeUrl?: string
  /** `--http HOST:PORT`. */
  readonly http?: string
  readonly httpTokenFile?: string
  readonly drainTimeoutMs: number
  /** One line to standard output, for the console destination. */
  readonly print: (line: string) => void
  readonly stdin: NodeJS.ReadableStream
  readonly onEvent: (event: DaemonEvent) => void
}

export type DaemonEvent =
  | {
      readonly kind: 'started'
      readonly sources: readonly string[]
      readonly store: string
      readonly detections: number
      readonly destinations: number
      readonly invalid: readonly Problem[]
    }
  | { readonly kind: 'admitted'; readonly admitted: Admitted }
  | {
      readonly kind: 'rejected'
      readonly source: string
      readonly place: string
      readonly status: 'rejected' | 'unclassified'
      readonly reason: string
    }
  | { readonly kind: 'draining'; readonly waiting: number }
  | { readonly kind: 'reloaded'; readonly ok: boolean; readonly message: string }

export interface Daemon {
  /** Resolves when the sources ended or the drain was asked for, and delivery has drained. */
  readonly finished: Promise<RunSummary>
  /** Takes no more events, lets what is under way settle, drains deliveries. */
  drain(): void
  /** Loads the whole project again, or keeps the old one and says why. */
  reload(): Promise<void>
}

type Cleanup = () => Promise<unknown>

/** Rejects with a UserError when it can't start; what had been started is stopped again. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const cleanups: Cleanup[] = []
  const stopAll = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }
  try {
    return await compose(options, (cleanup) => cleanups.push(cleanup), stopAll)
  } catch (error) {
    await stopAll()
    throw error
  }
}

async function compose(
  options: DaemonOptions,
  onStop: (cleanup: Cleanup) => void,
  stopAll: () => Promise<void>,
): Promise<Daemon> {
  const { log, onEvent } = options
  const startedAt = performance.now()
  const abort = new AbortController()
  const metrics = createMetrics()
  const tally = new Tally(metrics)

  const prepared = await prepareGeneration(options)
  const { root, settings, registry } = prepared.project
  const sources = await openSources({
    from: options.from,
    configured: settings.sources,
    projectRoot: root,
    http: options.http,
  })
  const storeUrl = options.storeUrl ?? settings.store ?? DEFAULT_STORE
  const store = await openStore(storeUrl, { clock: systemClock, projectRoot: root })
  onStop(() => store.close())
  await store.hold(`signalbox run --project ${root}`)
  const before = await store.countDeliveries()

  const generation = await startGeneration(prepared, options)
  const current = { generation }
  onStop(() => current.generation.retire())
  const pipeline = createPipeline({
    store,
    project: () => current.generation.project,
    onAdmitted: (admitted, deliveries) => {
      tally.admitted(admitted)
      for (const each of admitted) onEvent({ kind: 'admitted', admitted: each })
      if (deliveries > 0) delivery.wake()
    },
  })
  const server = createServer({
    log,
    metrics,
    token: tokenReader(options.httpTokenFile),
    ready: () => (abort.signal.aborted ? { ok: false, reasons: ['draining'] } : { ok: true, reasons: [] }),
    bodyBytes: BODY_BYTES,
  })
  onStop(() => server.close())

  const http = createHttpClient(DEFAULT_HTTP_LIMITS)
  onStop(() => http.close())
  const delivery = createDelivery({
    store,
    registry,
    types: (type) => typeOf(current.generation, type),
    secrets: { reveal: (given) => current.generation.secrets.reveal(given) },
    http,
    clock: systemClock,
    random: Math.random,
    log,
    metrics,
    admit: (findings) => pipeline.admitSystem(findings),
    print: options.print,
    projectRoot: root,
    version: VERSION,
  })
  await delivery.start()
  onStop(() => delivery.stop())
  const { heartbeat } = registry
  if (heartbeat) {
    const admit = (findings: readonly SystemFinding[]) => pipeline.admitSystem(findings)
    const onError = (error: unknown) => log.error({ error: messageOf(error) }, 'the heartbeat failed')
    onStop(startHeartbeat(heartbeat, { store, clock: systemClock, admit, onError }))
  }

  onEvent({
    kind: 'started',
    sources: sources.map(({ spec }) => spec.name),
    store: store.place,
    detections: [...generation.project.detections.values()].filter(({ enabled }) => enabled).length,
    destinations: registry.destinations.filter(({ enabled }) => enabled).length,
    invalid: generation.invalid,
  })
  const keepRejects = createRejects(rejectsFile(generation, store))
  const runs = sources.map(({ spec, source }) => {
    const context = (cursor: string | null): SourceContext => ({
      cursor,
      emit: createSourceEmit(spec, { ...options, current, pipeline, tally, keepRejects }),
      signal: abort.signal,
      clock: systemClock,
      log,
      door: server,
      stdin: options.stdin,
      limits: { eventBytes: settings.limits.eventBytes, bodyBytes: BODY_BYTES },
    })
    return supervise(source, {
      name: spec.name,
      store,
      clock: systemClock,
      log,
      signal: abort.signal,
      context,
    })
  })
  const finish = async (): Promise<RunSummary> => {
    try {
      await Promise.all(runs)
      const exhausted = !abort.signal.aborted
      const { pending, sending, waiting } = await store.countDeliveries()
      onEvent({ kind: 'draining', waiting: pending + sending + waiting })
      await delivery.drain(options.drainTimeoutMs)
      // What is in flight is interrupted and waits again, so that the summary tells a state that lasts.
      await delivery.stop()
      const left = await store.deliveries({ states: UNDELIVERED, limit: LEFT_TOLD })
      const durationMs = performance.now() - startedAt
      return tally.summary(before, await store.countDeliveries(), { left, exhausted, durationMs })
    } finally {
      abort.abort()
      await Promise.allSettled(runs)
      await stopAll()
    }
  }
  const finished = finish()
  finished.catch(() => {})
  return {
    finished,
    drain: () => abort.abort(),
    reload: () => reload(options, current, (next) => delivery.reload(next.project.registry)),
  }
}

/** What a reload swaps under the running rooms. */
interface Current {
  generation: Generation
}

async function reload(
  options: DaemonOptions,
  current: Current,
  onSwap: (next: Generation) => Promise<void>,
): Promise<void> {
  const { onEvent } = options
  try {
    const next = await startGeneration(await prepareGeneration(options), options)
    const previous = current.generation
    current.generation = next
    await onSwap(next)
    onEvent({ kind: 'reloaded', ok: true, message: `${next.project.detections.size} detections` })
    await previous.retire()
  } catch (error) {
    onEvent({ kind: 'reloaded', ok: false, message: messageOf(error) })
  }
}

interface EmitParts {
  readonly current: Current
  readonly pipeline: Pipeline
  readonly tally: Tally
  readonly keepRejects: (rejected: readonly EvaluatedEvent[]) => Promise<void>
  readonly onEvent: (event: DaemonEvent) => void
}

/** A source's way in: evaluated by the present engine, admitted, counted. */
function createSourceEmit(spec: SourceSpec, parts: EmitParts): Emit {
  const { current, pipeline, tally, keepRejects, onEvent } = parts
  const intake = createIntake({
    spec,
    pipeline,
    evaluate: (events) => current.generation.evaluate(events),
    now: () => systemClock.now(),
    onRejected: async (rejected) => {
      await keepRejects(rejected)
      tally.rejected(spec.name, rejected)
      for (const { envelope, outcome } of rejected) {
        if (outcome.status === 'evaluated') continue
        onEvent({ kind: 'rejected', source: spec.name, place: envelope.place, ...outcome })
      }
    },
  })
  return async (batch) => {
    const settlements = await intake(batch)
    tally.settled(spec.name, settlements)
    return settlements
  }
}

async function typeOf({ types }: Generation, type: string): Promise<DestinationType> {
  const found = types.get(type)
  if (!found) throw new UserError(`the destination type "${type}" is not loaded`)
  return found
}

function rejectsFile({ project }: Generation, store: Store): string | null {
  const { rejects } = project.settings
  if (rejects !== null) return resolve(project.root, rejects)
  return store.place.startsWith('memory:') ? null : resolve(project.root, DEFAULT_REJECTS)
}

/** Read anew for each request, so that a rotated token needs no restart. */
function tokenReader(file: string | undefined): (() => string) | undefined {
  return file === undefined ? undefined : () => readFileSync(file, 'utf8').trim()
}
