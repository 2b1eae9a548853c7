/** The interface of delivery for the daemon: start, wake, drain, reload, stop. */
import { messageOf } from '../errors.ts'
import { destinationKey, type Registry } from '../model/project/destination.ts'
import type { Store } from '../store/store.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import { reviveAllRefused } from './destination-state/revive-refused.ts'
import { createDispatcher } from './dispatch.ts'
import { OrphanFallbacks } from './fallback/orphan-fallbacks.ts'
import { aborted, createLoop } from './loop.ts'
import { reconcileWithRegistry } from './reconcile-registry.ts'

/** Destinations that no daemon knows any more, and updates of daemons that ended, are noticed after this time. */
const RECONCILE_INTERVAL_MS = 10_000

export interface Delivery {
  start(): Promise<void>
  /** It must be called after every commit that created deliveries. */
  wake(): void
  /** Sends all deliveries that are due or become due within the time. Claiming continues afterwards until `stop`. */
  drain(timeoutMs: number): Promise<void>
  /** Ends immediately: sends in flight are interrupted and repeated after the next start. */
  stop(): Promise<void>
  /** Uses the new registry for all later claims, and probes paused destinations. */
  reload(registry: Registry): Promise<void>
}

export function createDelivery(ports: DeliveryPorts & { readonly registry: Registry }): Delivery {
  const { store, clock, log } = ports
  const stopping = new AbortController()
  const stop = stopping.signal
  let registry = ports.registry
  let running: Promise<void> = Promise.resolve()
  let reconciling: Promise<void> = Promise.resolve()

  const fallbacks = new OrphanFallbacks(ports)
  const dispatcher = createDispatcher(ports, stop, () => loop.wake())
  const loop = createLoop(() => dispatcher.pass(registry), ports, stop)

  /** True if no send is in flight and no delivery becomes due before the deadline. */
  function isDrained(deadline: number): boolean {
    const next = loop.nextAt()
    return dispatcher.inFlight() === 0 && (next === null || next > deadline)
  }

  async function drain(timeoutMs: number): Promise<void> {
    const deadline = clock.now() + timeoutMs
    const done = new AbortController()
    const timeUp = new AbortController()
    void clock.sleep(timeoutMs, done.signal).then(() => timeUp.abort())
    const late = aborted(timeUp.signal)
    while (!timeUp.signal.aborted && !stop.aborted) {
      await loop.waitForNextPass(timeUp.signal)
      if (isDrained(deadline)) break
      // The next pass comes when a send ends or a delivery becomes due.
      await Promise.race([loop.nextPass(), late])
    }
    done.abort()
  }

  /** One after the other, each with the present registry, so that the last one has the last word. */
  function reconcile(): Promise<void> {
    const run = () => reconcileWithRegistry(registry, ports.cluster(), { ...ports, fallbacks, stop })
    const done = reconciling.then(run, run)
    reconciling = done.catch(() => {})
    return done
  }

  async function reconcileRegularly(): Promise<void> {
    while (!stop.aborted) {
      await clock.sleep(RECONCILE_INTERVAL_MS, stop)
      if (stop.aborted) return
      await reconcile().catch((error: unknown) =>
        log.error({ error: messageOf(error) }, 'failed to reconcile deliveries with the registry'),
      )
    }
  }

  return {
    async start() {
      await reconcile()
      await reviveAllRefused(store, registry)
      running = loop.run()
      // The only member of a store has reconciled everything now.
      if (store.isShared) void reconcileRegularly()
    },
    wake: () => loop.wake(),
    drain,
    async stop() {
      stopping.abort()
      await running
      await dispatcher.whenIdle()
      await reconciling
    },
    async reload(next) {
      registry = next
      await reconcile()
      await probePaused(store, next, clock.now())
      loop.wake()
    },
  }
}

async function probePaused(store: Store, { destinations }: Registry, now: number): Promise<void> {
  for (const destination of destinations) {
    await store.changeDestinationState(destinationKey(destination), (state) =>
      state.pausedAt === null ? state : { ...state, probeAt: now },
    )
  }
}
