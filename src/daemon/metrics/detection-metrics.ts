/** Counts what detections did with events, and shows their states as gauges. */
import type { EvaluatedEvent } from '../../model/events/evaluation.ts'
import type { GaugeSample, Metrics } from '../../model/ports.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Store } from '../../store/store.ts'

/** Each detection is counted once for a batch, so that the cost depends on the detections that match, and not on the events. */
export function countFindings(metrics: Pick<Metrics, 'count'>, events: readonly EvaluatedEvent[]): void {
  const matches = new Map<string, number>()
  const errors = new Map<string, number>()
  for (const { outcome } of events) {
    if (outcome.status !== 'evaluated') continue
    for (const { detection, functions } of outcome.findings) {
      const hasMatched = functions.detection?.error === undefined
      if (hasMatched) matches.set(detection, (matches.get(detection) ?? 0) + 1)
      const hasFailed = Object.values(functions).some((result) => result?.error !== undefined)
      if (hasFailed) errors.set(detection, (errors.get(detection) ?? 0) + 1)
    }
  }
  for (const [detection, count] of matches)
    metrics.count('signalbox_detection_matches_total', { detection }, count)
  for (const [detection, count] of errors)
    metrics.count('signalbox_detection_errors_total', { detection }, count)
}

export async function detectionGauges(
  store: Pick<Store, 'read'>,
  detections: ReadonlyMap<string, Pick<Detection, 'enabled'>>,
): Promise<GaugeSample[]> {
  const enabled = [...detections].flatMap(([id, detection]) => (detection.enabled ? [id] : []))
  const { limiters } = await store.read({ groups: [], limiters: enabled, seen: [] })
  const muted = [...limiters.values()].filter(({ value }) => value.mutedAt !== null).length
  const states = { enabled: enabled.length - muted, muted, disabled: detections.size - enabled.length }
  return Object.entries(states).map(([state, value]) => ({
    name: 'signalbox_detections',
    value,
    labels: { state },
  }))
}
