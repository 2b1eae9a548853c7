/** Claims what is due, destination by destination, and starts the sends. Knows what is in flight, and nothing of time. */
import { messageOf } from '../errors.ts'
import { type Destination, destinationKey, type Registry } from '../model/project/destination.ts'
import type { Store } from '../store/store.ts'
import { createClockStepDetector } from './clock-steps.ts'
import { deliver, LEASE_MS, type Task } from './deliver.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import { PROBE_INTERVAL_MS, sendPermit, takeTokens } from './send-permit.ts'
import { updateDestinationState } from './states.ts'

const MAX_IN_FLIGHT = 128

interface Dispatcher {
  /** Starts what may start now; resolves with when the next can, or null when nothing waits for time alone. */
  pass(registry: Registry): Promise<number | null>
  inFlight(): number
  /** Resolves when all that is in flight has ended. */
  whenIdle(): Promise<void>
}

export function createDispatcher(ports: DeliveryPorts, stop: AbortSignal, wake: () => void): Dispatcher {
  const { store, clock, log } = ports
  const steps = createClockStepDetector(store, log)
  /** How many are being sent or claimed, by destination. */
  const slots = new Map<string, number>()
  let totalInFlight = 0
  /** These, and those that are being settled. */
  const underWay = new Set<Promise<void>>()
  const inFlightTo = (key: string) => slots.get(key) ?? 0
  const occupy = (key: string, count: number) => {
    slots.set(key, inFlightTo(key) + count)
    totalInFlight += count
  }

  /** A slot is free as soon as the destination has answered: the disk does not hold up the next request. */
  function startSend(task: Task): void {
    const key = destinationKey(task.destination)
    occupy(key, 1)
    let holdsSlot = true
    const freeSlot = () => {
      if (!holdsSlot) return
      holdsSlot = false
      occupy(key, -1)
      wake()
    }
    const run = deliver(ports, task, stop, freeSlot)
      .catch((error: unknown) => {
        // Nothing is lost: the lease runs out and the delivery is sent again under the same key.
        log.error(
          { destination: task.destination.name, error: messageOf(error) },
          'a delivery could not be settled',
        )
      })
      .then(() => {
        underWay.delete(run)
        freeSlot()
        wake()
      })
    underWay.add(run)
  }

  /** When time alone lets this destination go on; null when a send that ends or a new delivery will tell. */
  async function dispatchTo(destination: Destination, registry: Registry): Promise<number | null> {
    const key = destinationKey(destination)
    const { value: state } = await store.destinationState(key)
    const permit = sendPermit(state, destination.rateLimit, clock.now())
    const { maxSends, isProbe, retryAt } = permit
    const inFlight = inFlightTo(key)
    const free = freeSlots(destination.concurrency, inFlight, totalInFlight)
    const limit = permit.isHalfOpen && inFlight > 0 ? 0 : Math.min(maxSends, free)
    if (limit === 0) return maxSends === 0 ? nextWakeAt(store, key, retryAt) : null
    let hasClaimedAll: boolean
    // Held until the sends hold them: all destinations claim at the same time.
    occupy(key, limit)
    try {
      const claimed = await store.claim({ destinationKeys: [key], limit, leaseMs: LEASE_MS })
      if (claimed.length > 0) await consumeTokens(store, destination, isProbe, claimed.length, clock.now())
      for (const each of claimed) startSend({ claimed: each, destination, registry, isProbe })
      hasClaimedAll = claimed.length < limit
    } finally {
      occupy(key, -limit)
    }
    return hasClaimedAll ? nextWakeAt(store, key, retryAt) : null
  }

  return {
    async pass(registry) {
      await steps.check(registry, clock.now())
      const enabled = registry.destinations.filter((destination) => destination.enabled)
      // All at once: what they claim is one write to the disk, and none waits for the writes of the others.
      const served = await Promise.allSettled(enabled.map((each) => dispatchTo(each, registry)))
      const times = served.flatMap((each) => {
        if (each.status === 'rejected') throw each.reason
        return each.value ?? []
      })
      return times.length > 0 ? Math.min(...times) : null
    },
    inFlight: () => underWay.size,
    async whenIdle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}

async function nextWakeAt(store: Store, key: string, earliest: number): Promise<number | null> {
  const due = await store.nextDue([key])
  return due === null ? null : Math.max(due, earliest)
}

/** A destination always keeps one slot: however many others hang, it is served. */
function freeSlots(concurrency: number, inFlight: number, totalInFlight: number): number {
  return Math.max(inFlight === 0 ? 1 : 0, Math.min(concurrency - inFlight, MAX_IN_FLIGHT - totalInFlight))
}

/** A probe moves the next probe on; tokens are taken from the bucket. */
async function consumeTokens(
  store: Store,
  destination: Destination,
  isProbe: boolean,
  count: number,
  now: number,
): Promise<void> {
  const { rateLimit } = destination
  if (!isProbe && !rateLimit) return
  await updateDestinationState(store, destinationKey(destination), (state) => {
    if (isProbe) return { ...state, probeAt: now + PROBE_INTERVAL_MS }
    return rateLimit ? takeTokens(state, rateLimit, count, now) : state
  })
}
