/** Warns about enabled content that can never have an effect. Pure. */
import type { Detection } from '../model/project/detection.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'
import { reportedProblems, type WarningCode } from '../model/project/warning-policy.ts'
import { parseSourceSpec } from '../sources/_source-spec.ts'

const MAX_NAMED = 3

/** @param sources are the texts of `--from` or of the settings; without any, the types of events are unknown. */
export function warnUnusedContent(project: Project, sources: readonly string[]): Problem[] {
  const enabled = [...project.detections.values()].filter((detection) => detection.enabled)
  const named = namedTypes(project, sources)
  const problems = [
    idle('idle-scheduled-rule', enabled.filter(isUnfed(named)), {
      what: 'scheduled rule',
      why: 'no source has the name of their query as its type',
      hint: 'Signalbox runs no queries: send the rows with --from stdin?logType=QUERY',
    }),
    idle('idle-log-type', enabled.filter(isUnseen(named)), {
      what: 'rule',
      why: 'all sources have fixed types, and none of them is in their LogTypes',
      hint: 'add a source for these log types, or disable the rules',
    }),
    idle('idle-lookup-table', project.others.filter(isEnabledTable), {
      what: 'lookup table',
      why: 'Signalbox does not fill lookup tables',
      hint: 'detections get no p_enrichment from these tables',
    }),
    idle('idle-correlation-rule', enabled.filter(isImpossible(project)), {
      what: 'correlation rule',
      why: 'they require a rule that does not exist or sends no signals',
      hint: 'the warnings unknown-member and inactive-member name these rules',
    }),
  ].flat()
  return reportedProblems(problems, project.settings.warnings)
}

interface NamedTypes {
  readonly types: ReadonlySet<string>
  /** True when every source has a fixed type. */
  readonly isComplete: boolean
}

function namedTypes({ settings }: Project, sources: readonly string[]): NamedTypes {
  const specs = sources.map(typeOfSource)
  const classified = settings.classification.map(({ logType }) => logType)
  const types = new Set([...specs.filter((type) => type !== null), ...classified])
  return { types, isComplete: specs.length > 0 && !specs.includes(null) }
}

/** Returns null when the events name their types, or when the text is not a source, which `run` reports. */
function typeOfSource(text: string): string | null {
  try {
    return parseSourceSpec(text).type
  } catch {
    return null
  }
}

function isUnfed({ types }: NamedTypes) {
  return ({ type, scheduledQueries, logTypes }: Detection) =>
    type === 'scheduled_rule' && ![...scheduledQueries, ...logTypes].some((name) => types.has(name))
}

function isUnseen({ types, isComplete }: NamedTypes) {
  return ({ type, logTypes }: Detection) =>
    isComplete && type === 'rule' && logTypes.length > 0 && !logTypes.some((logType) => types.has(logType))
}

function isEnabledTable({ type, spec }: Project['others'][number]): boolean {
  return type === 'lookup_table' && spec.Enabled === true
}

/** A sequence requires each of its steps, a group its minimum number. */
function isImpossible({ detections }: Project) {
  return ({ correlation }: Detection) => {
    if (!correlation) return false
    const needed = correlation.steps.filter(({ absent }) => !absent)
    const possible = needed.filter(({ rule }) => {
      const member = detections.get(rule)
      return member?.enabled === true && member.type !== 'policy'
    })
    return possible.length < Math.min(correlation.minSteps ?? needed.length, needed.length)
  }
}

interface WarningText {
  readonly what: string
  readonly why: string
  readonly hint: string
}

/** Creates one warning for all of them. */
function idle(
  code: WarningCode,
  found: readonly Pick<Detection, 'id' | 'location'>[],
  { what, why, hint }: WarningText,
): Problem[] {
  const [first] = found
  if (!first) return []
  const names = found.slice(0, MAX_NAMED).map(({ id }) => id)
  const left = found.length - names.length
  const listed = left > 0 ? `${names.join(', ')} and ${left} more` : names.join(', ')
  const subject = found.length === 1 ? `1 enabled ${what} can` : `${found.length} enabled ${what}s can`
  const message = `${subject} never have an effect, because ${why}: ${listed}`
  return [{ severity: 'warning', code, message, file: first.location.file, line: 0, column: 0, hint }]
}
