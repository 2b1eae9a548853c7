/** The hash of what a project decides. Daemons with the same hash have the same generation. */
import { createHash } from 'node:crypto'
import type { Destination } from '../../model/project/destination.ts'
import type { RoutedProject } from '../../model/project/project.ts'

/** Options can hold secrets, and neither these nor the place in the file decide anything. */
const IGNORED: readonly string[] = ['options', 'location'] satisfies (keyof Destination)[]

export function projectHash({ detections, dataModels, registry, handling, settings }: RoutedProject): string {
  const { fallback, fallbackAfterMs, heartbeat, onEscalation } = registry
  const parts = {
    // The version covers the spec, the body and the helpers. Overrides of destinations.yaml are beside it.
    detections: [...detections.values()].map(({ id, version, enabled, severity, outputIds }) => {
      return { id, version, enabled, severity, outputIds }
    }),
    dataModels: dataModels.map(({ id, enabled, logTypes, mappings, body }) => {
      return { id, enabled, logTypes, mappings, source: body?.source ?? null }
    }),
    destinations: registry.destinations.map(decidingParts),
    handling,
    registry: { fallback, fallbackAfterMs, heartbeat, onEscalation },
    settings: { classification: settings.classification, trust: settings.trust, limits: settings.limits },
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function decidingParts(destination: Destination): object {
  return Object.fromEntries(Object.entries(destination).filter(([name]) => !IGNORED.includes(name)))
}
