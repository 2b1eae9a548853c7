/** The possible effects of one evaluated event or system finding: candidates with routes, signals, keys. Pure. */
import { buildErrors, buildMatch, buildSystem, type Candidate, matches } from '../alerts/build.ts'
import { inhibitionKeys } from '../handling/inhibition-stage.ts'
import { groupKey } from '../model/alerts/alert.ts'
import { alertGroup } from '../model/alerts/alert-kind.ts'
import type { MatchFinding, SystemFinding } from '../model/alerts/finding.ts'
import type { Route } from '../model/alerts/route.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'
import type { Project } from '../model/project/project.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import type { ReadKeys, SignalRow } from '../store/store.ts'
import { detectionMuted, unknownDestination } from './system-findings.ts'

/** A candidate with its route, which is decided before the store is read. */
export interface RoutedCandidate {
  readonly candidate: Candidate
  readonly route: Route
  /** The time at which the event is counted, epoch ms. */
  readonly at: number
}

/** A match: its signal and its candidate, which is null if the detection creates no alerts. */
interface Step {
  readonly routed: RoutedCandidate | null
  readonly signal: Omit<SignalRow, 'alertId'> | null
}

export interface Work {
  readonly steps: readonly Step[]
  /** Keys that identify the event if it comes again. */
  readonly seenIds: readonly string[]
  readonly at: number
}

/** The work of every event without effects, which most events are. */
const NOTHING: Work = { steps: [], seenIds: [], at: 0 }

export function planForEvent({ envelope, outcome }: EvaluatedEvent, project: Project): Work {
  if (outcome.status !== 'evaluated') return NOTHING
  const { at, ownRowId, findings } = outcome
  const key = idempotencyId(envelope)
  const rowId = envelope.dedupByRowId && ownRowId !== null ? `row:${ownRowId}` : null
  if (findings.length === 0 && key === null && rowId === null) return NOTHING
  const seenIds = [key, rowId].filter((id) => id !== null)
  return { steps: findings.flatMap((finding) => stepsOfFinding(finding, project)), seenIds, at }
}

/** The id under which the store remembers an event with an idempotency key; null for other events. */
export function idempotencyId({ dedupId }: Envelope): string | null {
  return dedupId ? `key:${dedupId}` : null
}

export function planForMatch(finding: MatchFinding, project: Project): Work {
  return { steps: stepsOfFinding(finding, project), seenIds: [], at: finding.event.at }
}

export function planForSystem(finding: SystemFinding, project: Project): Work {
  const { onceId, at } = finding
  const seenIds = onceId === undefined ? [] : [`once:${onceId}`]
  return { steps: [{ routed: routeSystem(finding, project), signal: null }], seenIds, at }
}

export function isIdle(work: Work): boolean {
  return work.steps.length === 0 && work.seenIds.length === 0
}

/** The keys that must be read before the works can be planned. */
export function keysOf(works: readonly Work[], { inhibitions }: HandlingRules): ReadKeys {
  const routed = works.flatMap((work) => work.steps.flatMap((step) => step.routed ?? []))
  const limited = new Set(
    routed.flatMap(({ candidate }) =>
      alertGroup(candidate.draft.kind) === 'ALERT' ? candidate.draft.detection : [],
    ),
  )
  const muteKeys = [...limited].map((id) => keyOf(buildSystem(detectionMuted(id, 0))))
  return {
    groups: [...new Set([...routed.map(({ candidate }) => keyOf(candidate)), ...muteKeys])],
    limiters: [...limited],
    inhibitors: [...new Set(routed.flatMap(({ candidate }) => inhibitionKeys(inhibitions, candidate.draft)))],
    seen: works.flatMap((work) => work.seenIds),
  }
}

export function routeSystem(finding: SystemFinding, project: Project): RoutedCandidate {
  return route(buildSystem(finding), project, finding.at)
}

function stepsOfFinding(finding: MatchFinding, project: Project): Step[] {
  const detection = project.detections.get(finding.detection)
  if (!detection) return []
  const { at } = finding.event
  const steps: Step[] = []
  if (matches(detection.type, finding.functions)) {
    const candidate = buildMatch(detection, finding)
    const routed = detection.createAlert ? route(candidate, project, at) : null
    steps.push({ routed, signal: detection.type === 'policy' ? null : signalOf(candidate, finding) })
  }
  steps.push(
    ...buildErrors(detection, finding).map((error) => ({ routed: route(error, project, at), signal: null })),
  )
  const unknown = steps
    .flatMap(({ routed }) => routed?.route.problems ?? [])
    .filter((problem) => problem.code === 'unknown-destination')
  if (unknown.length > 0) {
    const routeError = unknownDestination(detection.id, unknown, at)
    steps.push({ routed: routeSystem(routeError, project), signal: null })
  }
  return steps
}

function signalOf({ draft }: Candidate, { event, signalFields }: MatchFinding): Omit<SignalRow, 'alertId'> {
  return {
    detection: draft.detection,
    at: event.at,
    happenedAt: event.happenedAt ?? event.at,
    rowId: event.rowId,
    logType: event.type ?? '',
    fields: signalFields ?? '{}',
  }
}

function route(candidate: Candidate, project: Project, at: number): RoutedCandidate {
  return { candidate, route: resolveRoute(candidate.routeRequest, project.registry), at }
}

function keyOf({ draft }: Candidate): string {
  return groupKey(draft.detection, draft.kind, draft.dedup)
}
