/** Claims due deliveries, destination by destination, and starts the sends. It knows what is in flight and does not wait. */
import { messageOf } from '../errors.ts'
import {
  type Destination,
  destinationKey,
  type RateLimit,
  type Registry,
} from '../model/project/destination.ts'
import type { Store } from '../store/store.ts'
import { createClockStepDetector } from './clock-steps.ts'
import { deliver, LEASE_MS, type Task } from './deliver.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import { PROBE_INTERVAL_MS, sendPermit, takeTokens } from './destination-state/send-permit.ts'
import { sendWaitingToFallback } from './fallback/paused-fallback.ts'

const MAX_IN_FLIGHT = 128

interface Dispatcher {
  /** Starts the sends that can start now. Resolves with the time of the next one; null if none waits for time alone. */
  pass(registry: Registry): Promise<number | null>
  inFlight(): number
  /** Resolves when no send is in flight any more. */
  whenIdle(): Promise<void>
}

export function createDispatcher(ports: DeliveryPorts, stop: AbortSignal, wake: () => void): Dispatcher {
  const { store, clock, log } = ports
  const steps = store.ownClock ? null : createClockStepDetector(store, log)
  /** The number of deliveries that are being sent or claimed, by destination. */
  const slots = new Map<string, number>()
  let totalInFlight = 0
  /** The deliveries that are being sent or recorded. */
  const underWay = new Set<Promise<void>>()
  const inFlightTo = (key: string) => slots.get(key) ?? 0
  const occupy = (key: string, count: number) => {
    slots.set(key, inFlightTo(key) + count)
    totalInFlight += count
  }

  /** A slot is free as soon as the destination has answered: the next request does not wait for the disk. */
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
        // The delivery is not lost: its lease expires, and it is sent again under the same key.
        log.error(
          { destination: task.destination.name, error: messageOf(error) },
          'failed to record a delivery',
        )
      })
      .then(() => {
        underWay.delete(run)
        freeSlot()
        wake()
      })
    underWay.add(run)
  }

  /** Epoch ms at which this destination can send next; null if only a finished send or a new delivery can unblock it. */
  async function dispatchTo(destination: Destination, registry: Registry): Promise<number | null> {
    const key = destinationKey(destination)
    const { value: state } = await store.destinationState(key)
    if (state.pausedAt !== null && (await sendWaitingToFallback(ports, destination, registry, state)) > 0)
      wake()
    const rateLimit = await rateLimitOf(ports, destination)
    const permit = sendPermit(state, rateLimit, clock.now())
    const { maxSends, isProbe, isHalfOpen, retryAt } = permit
    const concurrency = Math.min(destination.concurrency, permit.window)
    if (maxSends === 0) return nextWakeAt(store, key, retryAt)
    const due = await store.countDue(key, concurrency)
    const inFlight = inFlightTo(key)
    const free = freeSlots(concurrency, inFlight, totalInFlight)
    const limit = isHalfOpen && inFlight > 0 ? 0 : Math.min(maxSends, free)
    if (limit === 0) return null
    const claimed = await claimAndSend({ destination, registry, isProbe, rateLimit }, Math.min(limit, due))
    return claimed < limit ? nextWakeAt(store, key, retryAt) : null
  }

  /** Resolves with the number of deliveries that it claimed: fewer than `count` if another process was faster. */
  async function claimAndSend(
    { rateLimit, ...task }: Omit<Task, 'claimed'> & { readonly rateLimit: RateLimit | null },
    count: number,
  ): Promise<number> {
    if (count === 0) return 0
    const { destination } = task
    const key = destinationKey(destination)
    // All destinations claim at the same time, so these slots are occupied before the claim has ended.
    occupy(key, count)
    try {
      const claimed = await store.claim({ destinationKeys: [key], limit: count, leaseMs: LEASE_MS })
      if (claimed.length > 0) await consumeTokens(store, { ...task, rateLimit }, claimed.length, clock.now())
      for (const each of claimed) startSend({ ...task, claimed: each })
      return claimed.length
    } finally {
      occupy(key, -count)
    }
  }

  return {
    async pass(registry) {
      await steps?.check(registry, clock.now())
      const enabled = registry.destinations.filter((destination) => destination.enabled)
      // All destinations claim concurrently: their claims are one write to the disk, and none waits for another.
      const results = await Promise.allSettled(enabled.map((each) => dispatchTo(each, registry)))
      const times = results.flatMap((each) => {
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

/** The user's rate, otherwise that which the type knows of its provider. A type that cannot be loaded fails at the send. */
async function rateLimitOf(
  { types }: DeliveryPorts,
  { type, rateLimit }: Destination,
): Promise<RateLimit | null> {
  if (rateLimit) return rateLimit
  const { rate } = await types(type).catch(() => ({ rate: undefined }))
  return rate?.limit ?? null
}

async function nextWakeAt(store: Store, key: string, earliest: number): Promise<number | null> {
  const due = await store.nextDue([key])
  return due === null ? null : Math.max(due, earliest)
}

/** Every destination always has one slot, however many others hang. */
function freeSlots(concurrency: number, inFlight: number, totalInFlight: number): number {
  return Math.max(inFlight === 0 ? 1 : 0, Math.min(concurrency - inFlight, MAX_IN_FLIGHT - totalInFlight))
}

/** Schedules the next probe, or takes tokens from the bucket of the rate limit. */
async function consumeTokens(
  store: Store,
  {
    destination,
    isProbe,
    rateLimit,
  }: Omit<Task, 'claimed' | 'registry'> & { readonly rateLimit: RateLimit | null },
  count: number,
  now: number,
): Promise<void> {
  await store.changeDestinationState(destinationKey(destination), (state) => {
    if (isProbe) return { ...state, probeAt: now + PROBE_INTERVAL_MS }
    return takeTokens(state, rateLimit, count, now)
  })
}
