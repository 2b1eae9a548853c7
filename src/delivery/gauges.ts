/** Reads the present state of deliveries and destinations as gauges. */

import type { GaugeSample } from '../model/ports.ts'
import { destinationKey, type Registry } from '../model/project/destination.ts'
import { type Store, UNDELIVERED_STATES } from '../store/store.ts'

export async function deliveryGauges(
  store: Pick<Store, 'countDeliveries' | 'destinationState'>,
  { destinations }: Pick<Registry, 'destinations'>,
): Promise<GaugeSample[]> {
  const counts = await store.countDeliveries(UNDELIVERED_STATES)
  const open = ([...UNDELIVERED_STATES, 'scheduled'] as const).map((state) => ({
    name: 'signalbox_deliveries_open',
    value: counts[state],
    labels: { state },
  }))
  const states = destinations.map(async (destination): Promise<GaugeSample[]> => {
    const { value } = await store.destinationState(destinationKey(destination))
    const labels = { destination: destination.name }
    return [
      { name: 'signalbox_destination_paused', value: value.pausedAt === null ? 0 : 1, labels },
      { name: 'signalbox_destination_failures', value: value.failures, labels },
    ]
  })
  return [...open, ...(await Promise.all(states)).flat()]
}

export async function escalationGauge(store: Pick<Store, 'countWaitingSteps'>): Promise<GaugeSample> {
  return { name: 'signalbox_escalations_waiting', value: await store.countWaitingSteps() }
}
