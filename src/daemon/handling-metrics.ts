/** Counts what the stages of handling did, and shows the silences that have not ended as gauges. */
import type { HandlingStep } from '../model/alerts/handling.ts'
import type { Silence } from '../model/alerts/silence.ts'
import type { GaugeSample } from '../model/ports.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'
import type { AdmitResult } from '../pipeline/planner.ts'
import type { Store } from '../store/store.ts'

const MAX_SILENCES_READ = 10_000

/** The steps about alerts that were created. */
export function stepsOf(admitted: AdmitResult): readonly HandlingStep[] {
  return admitted.action === 'created' ? admitted.steps : []
}

export async function silenceGauges(
  store: Pick<Store, 'silences' | 'now'>,
  rules: HandlingRules,
): Promise<GaugeSample[]> {
  const now = store.now()
  const stored = await store.silences({ endsAfter: now, limit: MAX_SILENCES_READ })
  const open = rules.silences.filter(({ until }) => until > now)
  return [
    ...gaugesOf(open, 'file'),
    ...gaugesOf(
      stored.map(({ silence }) => silence),
      'store',
    ),
  ]
}

function gaugesOf(silences: readonly Silence[], origin: 'file' | 'store'): GaugeSample[] {
  const labels = { origin }
  const count = { name: 'signalbox_silences', value: silences.length, labels }
  if (silences.length === 0) return [count]
  const next = Math.min(...silences.map(({ until }) => until))
  return [count, { name: 'signalbox_silence_ends_timestamp_seconds', value: next / 1_000, labels }]
}
