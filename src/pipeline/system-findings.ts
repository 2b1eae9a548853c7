/** Creates findings of the pipeline: unknown destinations and muted detections. Pure. */
import { ALERTS_PER_HOUR } from '../alerts/limiter.ts'
import type { SystemFinding } from '../model/alerts/finding.ts'
import type { RouteProblem } from '../model/alerts/route.ts'

/** The finding that a detection names an unknown destination: one per detection and window. */
export function unknownDestination(
  detection: string,
  problems: readonly RouteProblem[],
  at: number,
): SystemFinding {
  const names = problems.flatMap((problem) => problem.destination ?? [])
  return {
    from: 'system',
    kind: 'ROUTE_ERROR',
    code: 'UnknownDestination',
    title: `${detection} names ${names.map((name) => `"${name}"`).join(', ')}, which is no destination`,
    description: problems.map((problem) => problem.message).join('; '),
    runbook: 'Add the destination to destinations.yaml, or correct the name in the detection.',
    dedup: detection,
    context: { detection, names },
    at,
  }
}

/** The finding that the alert limiter muted a detection. */
export function detectionMuted(detection: string, at: number): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'DetectionMuted',
    title: `${detection} made more than ${ALERTS_PER_HOUR} alerts within an hour and is muted`,
    description:
      'Its matches are still counted and kept as signals, but it creates no alerts until it is unmuted.',
    runbook: `Narrow the detection or its dedup key, then run: signalbox alerts unmute ${detection}`,
    dedup: detection,
    context: { detection, limit: ALERTS_PER_HOUR },
    at,
  }
}
