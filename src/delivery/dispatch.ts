/** Claims what is due, destination by destination, and starts the sends. Knows what is in flight, and nothing of time. */
import { messageOf } from '../errors.ts'
import { type Destination, destinationKey, type Registry } from '../model/destination.ts'
import type { DeliveryOutcome, Store } from '../store/store.ts'
import { createClockSteps } from './clock-steps.ts'
import type { DeliveryPorts } from './context.ts'
import { deliver, LEASE_MS, type Task } from './deliver.ts'
import { gate, PROBE_INTERVAL_MS, takeTokens } from './gate.ts'
import { changeState } from './states.ts'

const MOST_IN_ALL = 128

export interface Dispatcher {
  /** Starts what may start now; resolves with when the next can, or null when nothing waits for time alone. */
  pass(registry: Registry): Promise<number | null>
  inFlight(): number
  /** Resolves when all that is in flight has ended. */
  settled(): Promise<void>
}

export function createDispatcher(
  ports: DeliveryPorts,
  stop: AbortSignal,
  on: { free(): void; end(outcome: DeliveryOutcome | null): void },
): Dispatcher {
  const { store, clock, log } = ports
  const steps = createClockSteps(store, log)
  /** How many are being sent, by destination. */
  const sending = new Map<string, number>()
  /** These, and those that are being settled. */
  const underWay = new Set<Promise<void>>()
  const busyWith = (key: string) => sending.get(key) ?? 0
  const busyInAll = () => sending.values().reduce((sum, count) => sum + count, 0)

  /** A slot is free as soon as the destination has answered: the disk does not hold up the next request. */
  function launch(task: Task): void {
    const key = destinationKey(task.destination)
    sending.set(key, busyWith(key) + 1)
    let holdsSlot = true
    const freeSlot = () => {
      if (!holdsSlot) return
      holdsSlot = false
      sending.set(key, busyWith(key) - 1)
      on.free()
    }
    const run = deliver(ports, task, stop, freeSlot)
      .catch((error: unknown) => {
        // Nothing is lost: the lease runs out and the delivery is sent again under the same key.
        log.error(
          { destination: task.destination.name, error: messageOf(error) },
          'a delivery could not be settled',
        )
        return null
      })
      .then((outcome) => {
        underWay.delete(run)
        freeSlot()
        on.end(outcome)
      })
    underWay.add(run)
  }

  /** When time alone lets this destination go on; null when a send that ends or a new delivery will tell. */
  async function serve(destination: Destination, registry: Registry): Promise<number | null> {
    const key = destinationKey(destination)
    const { value: state } = await store.destinationState(key)
    const { allow, probe, alone, until } = gate(state, destination.rateLimit, clock.now())
    const busy = busyWith(key)
    const limit =
      alone && busy > 0 ? 0 : Math.min(allow, freeSlots(destination.concurrency, busy, busyInAll()))
    if (limit === 0) return allow === 0 ? later(store, key, until) : null
    const claimed = await store.claim({ destinationKeys: [key], limit, leaseMs: LEASE_MS })
    if (claimed.length > 0) await spend(store, destination, probe, claimed.length, clock.now())
    for (const each of claimed) launch({ claimed: each, destination, registry, probe })
    return claimed.length === limit ? null : later(store, key, until)
  }

  return {
    async pass(registry) {
      await steps.follow(registry, clock.now())
      let next: number | null = null
      for (const destination of registry.destinations.filter(({ enabled }) => enabled)) {
        const at = await serve(destination, registry)
        if (at !== null) next = Math.min(at, next ?? at)
      }
      return next
    },
    inFlight: () => underWay.size,
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}

async function later(store: Store, key: string, earliest: number): Promise<number | null> {
  const due = await store.nextDue([key])
  return due === null ? null : Math.max(due, earliest)
}

/** A destination always keeps one slot: however many others hang, it is served. */
function freeSlots(concurrency: number, busy: number, busyInAll: number): number {
  return Math.max(busy === 0 ? 1 : 0, Math.min(concurrency - busy, MOST_IN_ALL - busyInAll))
}

/** A probe moves the next probe on; tokens are taken from the bucket. */
async function spend(
  store: Store,
  destination: Destination,
  probe: boolean,
  count: number,
  now: number,
): Promise<void> {
  const { rateLimit } = destination
  if (!probe && !rateLimit) return
  await changeState(store, destinationKey(destination), (state) => {
    if (probe) return { ...state, probeAt: now + PROBE_INTERVAL_MS }
    return rateLimit ? takeTokens(state, rateLimit, count, now) : state
  })
}
