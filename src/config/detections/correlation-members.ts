/** Links correlation rules with their members: signals, log types, and the fields that signals keep. */
import type { SignalField } from '../../model/project/correlation-definition.ts'
import type { Detection, DetectionWithoutVersion } from '../../model/project/detection.ts'
import type { ProblemList } from '../files/problems.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import { child } from '../yaml/yaml.ts'
import type { ScalarNode } from '../yaml/yaml-tree.ts'
import type { Spec } from './spec.ts'

/** Gives correlation rules the log types of their members, and members the fields that are compared. */
export function linkMembers(
  detections: readonly DetectionWithoutVersion[],
): (DetectionWithoutVersion & Pick<Detection, 'signalFields'>)[] {
  const byId = new Map(detections.map((detection) => [detection.id, detection]))
  const fields = fieldsByRule(detections)
  return detections.map((detection) => ({
    ...detection,
    logTypes: detection.correlation ? [...logTypesOf(detection, byId)] : detection.logTypes,
    signalFields: fields.get(detection.id) ?? [],
  }))
}

/** The `RuleID` of each step, where it stands. */
export function memberNames({ node }: Pick<Spec, 'node'>): ScalarNode[] {
  const detection = nodeAt(node, '/Detection/0')
  const steps = child(detection, 'Group') ?? child(detection, 'Sequence')
  return (steps?.kind === 'sequence' ? steps.items : []).flatMap((step) => {
    const rule = child(step, 'RuleID')
    return rule?.kind === 'scalar' ? [rule] : []
  })
}

/** Warns about enabled correlation rules with disabled members: such a step never happens. */
export function warnInactiveMembers(
  specs: readonly Spec[],
  detections: ReadonlyMap<string, Omit<Detection, 'version'>>,
  problems: ProblemList,
): void {
  for (const spec of specs) {
    const rule = detections.get(spec.id)
    if (!rule?.enabled || !rule.correlation) continue
    for (const name of memberNames(spec)) {
      const member = detections.get(name.text)
      if (!member || (member.enabled && member.type !== 'policy')) continue
      problems.warning(spec.source, name.offset, {
        code: 'inactive-member',
        message: `${name.text} is ${member.enabled ? 'a policy' : 'disabled'} and sends no signals`,
        hint: member.enabled ? 'name a rule' : 'enable it, or disable this rule too',
      })
    }
  }
}

/** A member may itself be a correlation rule; a ring of them comes to an end. */
function logTypesOf(
  { id, correlation, logTypes }: DetectionWithoutVersion,
  byId: ReadonlyMap<string, DetectionWithoutVersion>,
  seen: ReadonlySet<string> = new Set(),
): Set<string> {
  if (!correlation) return new Set(logTypes)
  const members = correlation.steps.flatMap(({ rule }) => byId.get(rule) ?? [])
  const unseen = members.filter((member) => !seen.has(member.id))
  return new Set(unseen.flatMap((member) => [...logTypesOf(member, byId, new Set([...seen, id]))]))
}

function fieldsByRule(detections: readonly DetectionWithoutVersion[]): Map<string, SignalField[]> {
  const fields = new Map<string, SignalField[]>()
  for (const { correlation } of detections) {
    const ruleOf = new Map(correlation?.steps.map(({ id, rule }) => [id, rule]))
    for (const { step, field } of correlation?.criteria.flatMap((criterion) => criterion.fields) ?? []) {
      const known = fields.get(ruleOf.get(step) ?? '') ?? []
      if (!known.some(({ name }) => name === field.name)) known.push(field)
      fields.set(ruleOf.get(step) ?? '', known)
    }
  }
  return fields
}
