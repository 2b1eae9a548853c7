/** The interface of delivery for the daemon: start, wake, drain, reload, stop. */
import { destinationKey, type Registry } from '../model/project/destination.ts'
import type { Store } from '../store/store.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import { reviveAllRefused } from './destination-state/revive-refused.ts'
import { createDispatcher } from './dispatch.ts'
import { aborted, createLoop } from './loop.ts'
import { reconcileWithRegistry } from './reconcile-registry.ts'

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

  return {
    async start() {
      await reconcileWithRegistry(store, registry, clock.now(), log)
      await reviveAllRefused(store, registry)
      running = loop.run()
    },
    wake: () => loop.wake(),
    drain,
    async stop() {
      stopping.abort()
      await running
      await dispatcher.whenIdle()
    },
    async reload(next) {
      registry = next
      await reconcileWithRegistry(store, next, clock.now(), log)
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
