/** Which enabled detections have a guard and index conditions, and why the others have none. */
import type { Engine } from '../../model/events/evaluation.ts'
import type { GuardReason, GuardReport, GuardState } from '../../model/events/guard-report.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { Project } from '../../model/project/project.ts'
import { guardHint } from './guard-hints.ts'

/** The rules of a log type. Its events skip Python only if each rule has index conditions. */
export interface LogTypeCoverage {
  readonly logType: string
  readonly rules: number
  /** The ids of the rules that every event of the type selects. */
  readonly seesEveryEvent: readonly string[]
  /** Those of them that have no guard, so that Python runs them on every event of the type. */
  readonly alwaysInPython: readonly string[]
}

export interface GuardCoverage {
  /** Enabled detections with a Python body, and those of them that have all that is possible for their type. */
  readonly detections: { readonly total: number; readonly guarded: number }
  readonly logTypes: readonly LogTypeCoverage[]
  /** A problem for each detection that is not guarded. */
  readonly problems: readonly Problem[]
}

interface Gap {
  readonly reason: GuardReason
  readonly hasGuard: boolean
  readonly logTypes: GapTypes
  /** The log types for which it has no guard. */
  readonly withoutGuard: GapTypes
}

/** null: every log type of the detection. */
type GapTypes = ReadonlySet<string> | null

export async function guardCoverage(
  project: Pick<Project, 'detections' | 'helpers' | 'dataModels'>,
  engine: Pick<Engine, 'guards'>,
): Promise<GuardCoverage> {
  const enabled = [...project.detections.values()].filter((each) => each.enabled && each.body !== null)
  const reports = await engine.guards(enabled.map(({ id }) => ({ detection: id, entry: null })))
  const gaps = new Map<Detection, Gap>()
  for (const [at, detection] of enabled.entries()) {
    const gap = gapOf(detection, reports[at] ?? null)
    if (gap) gaps.set(detection, gap)
  }
  return {
    detections: { total: enabled.length, guarded: enabled.length - gaps.size },
    logTypes: logTypesOf(enabled, gaps),
    problems: [...gaps].map(([detection, gap]) => withSource(problemOf(detection, gap), project)),
  }
}

/** The rows of a scheduled query are there to be reported, and each resource has its own policies: no index is used. */
function gapOf({ type }: Detection, report: GuardReport | null): Gap | null {
  const states = report?.states ?? []
  const open = states.filter(
    ({ noGuard, conditionsFrom }) => noGuard !== null || (type === 'rule' && conditionsFrom === null),
  )
  const [first] = open
  const reason = first && (first.noGuard ?? first.noConditions)
  if (!reason) return null
  return {
    reason,
    hasGuard: first.noGuard === null,
    logTypes: typesOf(open),
    withoutGuard: typesOf(open.filter(({ noGuard }) => noGuard !== null)),
  }
}

function typesOf(states: readonly GuardState[]): GapTypes {
  const types = states.map(({ logType }) => logType)
  return types.includes(null) ? null : new Set(types as string[])
}

function logTypesOf(enabled: readonly Detection[], gaps: ReadonlyMap<Detection, Gap>): LogTypeCoverage[] {
  const rules = enabled.filter(({ type }) => type === 'rule')
  const byType = Map.groupBy(
    rules.flatMap((rule) => [...new Set(rule.logTypes)].map((logType) => ({ rule, logType }))),
    ({ logType }) => logType,
  )
  return [...byType].map(([logType, pairs]) => {
    const idsWith = (typesOfGap: (gap: Gap) => GapTypes) =>
      pairs.flatMap(({ rule }) => {
        const gap = gaps.get(rule)
        return gap !== undefined && (typesOfGap(gap)?.has(logType) ?? true) ? [rule.id] : []
      })
    return {
      logType,
      rules: pairs.length,
      seesEveryEvent: idsWith(({ logTypes }) => logTypes),
      alwaysInPython: idsWith(({ withoutGuard }) => withoutGuard),
    }
  })
}

function problemOf({ id, location, type }: Detection, { reason, hasGuard, logTypes }: Gap): Problem {
  const { message, part } = reason
  const what = hasGuard ? `sees every event${typesText(logTypes)}` : 'has no guard'
  const on = hasGuard ? 'on an event without fields, ' : ''
  const { file, line, column } = part?.location ?? location
  return {
    severity: 'info',
    code: 'unguarded',
    message: `${id} ${what}: ${on}${message}`,
    file,
    line,
    column,
    hint: guardHint(reason, type),
  }
}

/** Adds the line, if it is one of a Python file. */
function withSource(
  problem: Problem,
  { detections, helpers, dataModels }: Parameters<typeof guardCoverage>[0],
): Problem {
  const owners = [...detections.values(), ...helpers, ...dataModels]
  const body = owners.find((each) => each.body?.path === problem.file)?.body
  const source = body?.source.split(/\r\n|\r|\n/)[problem.line - 1]
  return source === undefined ? problem : { ...problem, source }
}

function typesText(logTypes: GapTypes): string {
  return logTypes === null ? '' : ` of ${[...logTypes].join(', ')}`
}

/** Text such as `778 of 798 detections, 73 of 92 log types complete`. */
export function coverageText(coverage: GuardCoverage): string {
  const { detections, logTypes } = coverage
  const complete = logTypes.length - incompleteTypes(coverage).length
  return `${detections.guarded} of ${detections.total} detections, ${complete} of ${logTypes.length} log types complete`
}

/** The log types with rules that see every event, those that Python always runs for first, then those with most rules. */
export function incompleteTypes({ logTypes }: GuardCoverage): LogTypeCoverage[] {
  return logTypes
    .filter(({ seesEveryEvent }) => seesEveryEvent.length > 0)
    .toSorted(
      (a, b) =>
        Number(b.alwaysInPython.length > 0) - Number(a.alwaysInPython.length > 0) ||
        b.rules - a.rules ||
        (a.logType < b.logType ? -1 : 1),
    )
}

/** Fewer rules are named than there may be. */
const MAX_NAMED_RULES = 3

/** Says of a log type how many events Python sees, and because of which rules. */
export function incompleteText({ logType, rules, seesEveryEvent, alwaysInPython }: LogTypeCoverage): string {
  const isAlways = alwaysInPython.length > 0
  const ids = isAlways ? alwaysInPython : seesEveryEvent
  const named = ids.slice(0, MAX_NAMED_RULES).join(', ')
  const more = ids.length > MAX_NAMED_RULES ? ` and ${ids.length - MAX_NAMED_RULES} more` : ''
  const share = `${ids.length} of ${rules} ${rules === 1 ? 'rule' : 'rules'}`
  const effect = isAlways
    ? `every event enters Python, because ${share} ${ids.length === 1 ? 'has' : 'have'} no guard`
    : `${share} ${ids.length === 1 ? 'sees' : 'see'} every event`
  return `${logType}: ${effect} (${named}${more})`
}
