/** What this daemon knows of the daemons of its store, as gauges. */
import type { GaugeSample } from '../../model/ports.ts'
import type { Store } from '../../store/store.ts'

/** @param hostNow the time of this host. */
export async function memberGauges(
  store: Pick<Store, 'members' | 'now'>,
  hostNow: number,
): Promise<GaugeSample[]> {
  const generations = (await store.members()).map(({ generation }) => generation)
  const offset = (store.now() - hostNow) / 1_000
  return [
    ...[...new Set(generations)].map((generation) => ({
      name: 'signalbox_members',
      value: generations.filter((each) => each === generation).length,
      labels: { generation: String(generation) },
    })),
    { name: 'signalbox_clock_offset_seconds', value: offset, labels: {} },
  ]
}
