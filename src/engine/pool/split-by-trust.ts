/** MAIN THREAD. Splits a project by its trust groups, and joins the outcomes of the groups for one event. Pure. */
import type { EvaluatedEvent } from '../../model/events/evaluation.ts'
import type { ProjectFacts } from '../../model/events/facts.ts'
import type { Project } from '../../model/project/project.ts'
import { OWN_GROUP, type TrustSubject, trustGroupOf } from '../../model/project/trust-group.ts'

/** The parts of the project that the workers of one group load. */
export interface GroupContent {
  readonly name: string
  readonly content: Pick<Project, 'detections' | 'helpers' | 'dataModels' | 'unitTests'>
}

/**
 * The project's own code comes first. A group has its own helpers and data models, and copies of those that belong to the
 * project itself.
 */
export function splitByTrust(project: Project): GroupContent[] {
  const { detections, settings } = project
  const groupOf = (subject: Parameters<typeof trustGroupOf>[0]) => trustGroupOf(subject, settings.trust)
  const byGroup = Map.groupBy(detections.values(), groupOf)
  const declared = [OWN_GROUP, ...settings.trust.map(({ group }) => group)]
  const used = [...new Set(declared)].filter((name) => byGroup.has(name))
  return (used.length > 0 ? used : [OWN_GROUP]).map((name) => {
    const members = byGroup.get(name) ?? []
    const own = new Map(members.map((each) => [each.id, each]))
    return { name, content: { detections: own, ...dependenciesOf(project, name), unitTests: [] } }
  })
}

/** Splits the unit tests of helpers and data models in the same way, so that they change nothing of another group. */
export function unitTestsByTrust(project: Project): GroupContent[] {
  const groupOf = ({ path }: { readonly path: string }) =>
    trustGroupOf({ id: '', location: { file: path }, body: null }, project.settings.trust)
  return [...Map.groupBy(project.unitTests, groupOf)].map(([name, unitTests]) => ({
    name,
    content: { detections: new Map(), ...dependenciesOf(project, name), unitTests },
  }))
}

/** The group's own come first, because the first of two data models for one log type is used. */
function dependenciesOf({ helpers, dataModels, settings }: Project, group: string) {
  const ownOrCommon = <T extends TrustSubject>(all: readonly T[]): T[] => {
    const byGroup = Object.groupBy(all, (each) => trustGroupOf(each, settings.trust))
    const { [group]: own = [], [OWN_GROUP]: common = [] } = byGroup
    return group === OWN_GROUP ? common : [...own, ...common]
  }
  return { helpers: ownOrCommon(helpers), dataModels: ownOrCommon(dataModels) }
}

export type Outcome = EvaluatedEvent['outcome']

/** The outcome of one event in one group. */
interface GroupOutcome {
  readonly group: string
  readonly outcome: Outcome
}

/**
 * Each group evaluates the event independently. If a group lost the event, the findings of the others are kept, and the
 * outcome lists the group in `missed`.
 *
 * @param order position of each detection in the project.
 */
export function joinOutcomes(parts: readonly GroupOutcome[], order: ReadonlyMap<string, number>): Outcome {
  const [only] = parts
  if (parts.length === 1) return only!.outcome
  const evaluated = parts.flatMap(({ outcome }) => (outcome.status === 'evaluated' ? [outcome] : []))
  const [first] = evaluated
  if (!first) return only!.outcome
  const orderOf = ({ detection }: { readonly detection: string }) => order.get(detection) ?? 0
  const findings = evaluated.flatMap((outcome) => outcome.findings).sort((a, b) => orderOf(a) - orderOf(b))
  const missed = parts.flatMap(({ group, outcome }) =>
    outcome.status === 'evaluated' ? [] : [`trust group ${group}: ${outcome.reason}`],
  )
  return { ...first, findings, ...(missed.length > 0 && { missed: missed.join('; ') }) }
}

/** The copies of one helper have the same facts. */
export function joinFacts(parts: readonly ProjectFacts[]): ProjectFacts {
  const joined = <T>(of: (facts: ProjectFacts) => ReadonlyMap<string, T>) =>
    new Map(parts.flatMap((facts) => [...of(facts)]))
  return {
    detections: joined((facts) => facts.detections),
    helpers: joined((facts) => facts.helpers),
    dataModels: joined((facts) => facts.dataModels),
    packages: new Set(parts.flatMap(({ packages }) => [...packages])),
  }
}
