/** Sends alerts that wait long for a paused destination to the fallback, once. They still wait for their own destination. */
import { type Destination, destinationKey, type Registry } from '../../model/project/destination.ts'
import { type DestinationState, EMPTY_PLAN, NOTHING_EXPECTED } from '../../store/store.ts'
import type { DeliveryPorts } from '../delivery-ports.ts'
import { createFallbackDeliveries, FALLBACK_REASON_PREFIX, fallbackOf } from './fallback-deliveries.ts'

/** The limit bounds how long one commit blocks the event loop. */
const MAX_PER_PASS = 200
/** Deliveries can be committed a little later than they were created. */
const COMMIT_DELAY_MS = 60_000

/** Resolves with the number of new deliveries. */
export async function sendWaitingToFallback(
  { store, clock, log }: Pick<DeliveryPorts, 'store' | 'clock' | 'log'>,
  destination: Destination,
  registry: Registry,
  { pausedAt, pausedReason, copiedUntil }: DestinationState,
): Promise<number> {
  const until = clock.now() - registry.fallbackAfterMs
  const key = destinationKey(destination)
  const recipients = fallbackOf(registry, key)
  if (pausedAt === null || pausedAt > until || recipients.length === 0) return 0
  const waiting = await store.deliveries({
    states: ['pending', 'waiting'],
    kind: 'single',
    destination: key,
    unlessBeside: FALLBACK_REASON_PREFIX,
    // A route can lead to a fallback, too. The alert is there already, and an id that exists is not inserted again.
    missingAt: recipients.map(destinationKey),
    created: { from: (copiedUntil ?? 0) - COMMIT_DELAY_MS, until },
    limit: MAX_PER_PASS,
  })
  const last = waiting.at(-1)
  if (!last) return 0
  const why = `${WAITING_FOR}${destination.name}${PAUSED}${pausedReason}`
  const deliveries = waiting.flatMap((each) => createFallbackDeliveries(registry, each, why, clock.now()))
  // Two transactions that wait for each other are a conflict: the next pass finds the same deliveries.
  const answer = await store.commit({ ...EMPTY_PLAN, deliveries }, NOTHING_EXPECTED)
  if (answer !== 'ok') return 0
  await store.changeDestinationState(key, (state) =>
    state.pausedAt === null ? state : { ...state, copiedUntil: last.createdAt },
  )
  log.warn(
    { destination: destination.name, deliveries: deliveries.length },
    'alerts that wait for a paused destination go to the fallback, too',
  )
  return deliveries.length
}

const WAITING_FOR = 'waiting for '
const PAUSED = ', which is paused: '

/** Marks the title of an alert that went to the fallback although it still waits; empty for other deliveries. */
export function waitingTitlePrefix({ reason }: { readonly reason: string }): string {
  const start = `${FALLBACK_REASON_PREFIX}${WAITING_FOR}`
  const end = reason.indexOf(PAUSED)
  return reason.startsWith(start) && end !== -1 ? `[Waiting for ${reason.slice(start.length, end)}]: ` : ''
}
