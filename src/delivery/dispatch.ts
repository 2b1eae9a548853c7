/** Claims due deliveries, destination by destination, and starts the sends. It knows what is in flight and does not wait. */
import { messageOf } from '../errors.ts'
import {
  type Destination,
  destinationKey,
  type RateLimit,
  type Registry,
} from '../model/project/destination.ts'
import type { Duty, SendLimits } from '../store/store.ts'
import { createClockStepDetector } from './clock-steps.ts'
import { deliver, LEASE_MS, type Task } from './deliver.ts'
import type { DeliveryPorts } from './delivery-ports.ts'
import { sendWaitingToFallback } from './fallback/paused-fallback.ts'

/** The limit of this process. Those of a destination hold for all daemons together, and the store keeps them. */
const MAX_IN_FLIGHT = 128
const ANNOUNCE_INTERVAL_MS = 250

interface Dispatcher {
  /** Starts the sends that can start now. Resolves with the time of the next one; null if none waits for time alone. */
  pass(registry: Registry): Promise<number | null>
  inFlight(): number
  /** Resolves when no send is in flight any more. */
  whenIdle(): Promise<void>
}

/** A destination, with what it allows. */
interface Target {
  readonly destination: Destination
  readonly key: string
  readonly limits: SendLimits
}

export function createDispatcher(ports: DeliveryPorts, stop: AbortSignal, wake: () => void): Dispatcher {
  const { store, clock, log, monotonic = () => performance.now() } = ports
  const steps = store.ownClock ? null : createClockStepDetector(store, log)
  /** The number of deliveries that are being sent or claimed, by destination. */
  const slots = new Map<string, number>()
  let totalInFlight = 0
  /** The deliveries that are being sent or recorded. */
  const underWay = new Set<Promise<void>>()
  /** The leases of deliveries whose send has ended, although the outcome is not recorded yet, by destination. */
  const answered = new Map<string, Set<string>>()
  let announcedAt = Number.NEGATIVE_INFINITY
  const answeredBy = (key: string) => answered.get(key) ?? new Set<string>()
  const inFlightTo = (key: string) => slots.get(key) ?? 0
  const occupy = (key: string, count: number) => {
    slots.set(key, inFlightTo(key) + count)
    totalInFlight += count
  }

  /** A slot is free as soon as the destination has answered: the next request does not wait for the disk. */
  function startSend(task: Task): void {
    const key = destinationKey(task.destination)
    const { leaseToken } = task.claimed
    occupy(key, 1)
    let holdsSlot = true
    const freeSlot = () => {
      if (!holdsSlot) return
      holdsSlot = false
      occupy(key, -1)
      answered.set(key, answeredBy(key).add(leaseToken))
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
        answeredBy(key).delete(leaseToken)
        wake()
      })
    underWay.add(run)
  }

  /** Epoch ms at which this destination can send next; null if only a finished send or a new delivery can unblock it. */
  async function dispatchTo(target: Target, duty: Duty, registry: Registry): Promise<number | null> {
    const { destination, key } = target
    const { state, claimable, nextAt } = duty
    if (state.pausedAt !== null && (await sendWaitingToFallback(ports, destination, registry, state)) > 0)
      wake()
    const count = Math.min(claimable, freeSlots(inFlightTo(key), totalInFlight))
    if (count > 0) await claimAndSend(target, registry, count)
    else if (claimable > 0) await announce()
    return nextAt
  }

  async function claimAndSend(
    { destination, key, limits }: Target,
    registry: Registry,
    count: number,
  ): Promise<void> {
    // All destinations claim at the same time, so these slots are occupied before the claim has ended.
    occupy(key, count)
    try {
      const claimedAt = monotonic()
      const within = { ...limits, answered: [...answeredBy(key)] }
      const claimed = await store.claim({ destinationKeys: [key], limit: count, leaseMs: LEASE_MS, within })
      for (const each of claimed)
        startSend({ claimed: each, destination, registry, isProbe: each.isProbe, claimedAt })
    } finally {
      occupy(key, -count)
    }
  }

  /** Others may have slots for what this process cannot send now. */
  async function announce(): Promise<void> {
    if (monotonic() - announcedAt < ANNOUNCE_INTERVAL_MS) return
    announcedAt = monotonic()
    await store.announceWork()
  }

  async function targetOf(destination: Destination): Promise<Target> {
    const key = destinationKey(destination)
    const { concurrency } = destination
    const rateLimit = await rateLimitOf(ports, destination)
    return { destination, key, limits: { concurrency, rateLimit, answered: [...answeredBy(key)] } }
  }

  return {
    async pass(registry) {
      await steps?.check(registry, clock.now())
      const enabled = registry.destinations.filter((destination) => destination.enabled)
      const targets = await Promise.all(enabled.map(targetOf))
      const duties = await store.duties(targets.map(({ key, limits }) => ({ key, ...limits })))
      // All destinations claim concurrently: their claims are one write to the disk, and none waits for another.
      const results = await Promise.allSettled(
        targets.map((target, i) => dispatchTo(target, duties[i]!, registry)),
      )
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

/** Every destination always has one slot, however many others hang. */
function freeSlots(inFlight: number, totalInFlight: number): number {
  return Math.max(inFlight === 0 ? 1 : 0, MAX_IN_FLIGHT - totalInFlight)
}
