/** Overrides of destinations.yaml: changes to detections that a repository does not own. Pure. */
import { matchesAll } from '../../core/glob.ts'
import { parseSeverity, type Severity } from '../../model/alerts/severity.ts'
import type { DetectionWithoutVersion } from '../../model/project/detection.ts'
import type { SourceText } from '../files/source-text.ts'
import { child, toRecord } from '../yaml/yaml.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'

export interface Override {
  readonly source: SourceText
  readonly node: MappingNode
  /** `file:line`. */
  readonly location: string
  readonly match: Match
  readonly outputIds: readonly string[] | undefined
  readonly severity: Severity | undefined
  readonly enabled: boolean | undefined
}

/** Globs. Every list that is not empty must match. */
interface Match {
  readonly ids?: readonly string[]
  readonly tags?: readonly string[]
  readonly logTypes?: readonly string[]
  readonly paths?: readonly string[]
}

/** Reads the overrides of a valid document. */
export function readOverrides({ source, node }: { source: SourceText; node: MappingNode }): Override[] {
  const list = child(node, 'overrides')
  if (list?.kind !== 'sequence') return []
  return list.items.flatMap((item) => {
    if (item.kind !== 'mapping') return []
    const value = toRecord(item)
    const { file, line } = source.locationAt(item.offset)
    return {
      source,
      node: item,
      location: `${file}:${line}`,
      match: value.match as Match,
      outputIds: value.OutputIds as string[] | undefined,
      severity: typeof value.Severity === 'string' ? parseSeverity(value.Severity) : undefined,
      enabled: value.Enabled as boolean | undefined,
    }
  })
}

export function overrideMatches({ match }: Override, detection: DetectionWithoutVersion): boolean {
  const { ids = [], tags = [], logTypes = [], paths = [] } = match
  return matchesAll([
    [ids, [detection.id]],
    [tags, detection.tags],
    [logTypes, [...detection.logTypes, ...detection.resourceTypes]],
    [paths, [detection.location.file]],
  ])
}

/**
 * Key by key the last match wins, so that an override of the severity does not undo an earlier one of the
 * destinations. `override` names the one that gave `OutputIds`.
 */
export function applyOverrides<T extends DetectionWithoutVersion>(
  detection: T,
  overrides: readonly Override[],
): T {
  let result = detection
  let routed: string | null = null
  for (const override of overrides) {
    if (!overrideMatches(override, detection)) continue
    const { outputIds, severity, enabled, location } = override
    result = {
      ...result,
      outputIds: outputIds ?? result.outputIds,
      severity: severity ?? result.severity,
      enabled: enabled ?? result.enabled,
    }
    if (outputIds) routed = location
  }
  return { ...result, override: routed }
}
