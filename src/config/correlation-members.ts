/** What correlation rules and the rules they look at owe each other: log types, and fields that signals must keep. */
import type { SignalField } from '../model/correlation.ts'
import type { Detection } from '../model/detection.ts'
import type { Unversioned } from './detections.ts'

/** Correlation rules get the log types of their members, members the fields that are compared. */
export function tieToMembers(
  detections: readonly Unversioned[],
): (Unversioned & Pick<Detection, 'signalFields'>)[] {
  const byId = new Map(detections.map((detection) => [detection.id, detection]))
  const fields = fieldsByRule(detections)
  return detections.map((detection) => ({
    ...detection,
    logTypes: detection.correlation ? [...logTypesOf(detection, byId)] : detection.logTypes,
    signalFields: fields.get(detection.id) ?? [],
  }))
}

/** A member may itself be a correlation rule; a ring of them comes to an end. */
function logTypesOf(
  { id, correlation, logTypes }: Unversioned,
  byId: ReadonlyMap<string, Unversioned>,
  seen: ReadonlySet<string> = new Set(),
): Set<string> {
  if (!correlation) return new Set(logTypes)
  const members = correlation.steps.flatMap(({ rule }) => byId.get(rule) ?? [])
  const unseen = members.filter((member) => !seen.has(member.id))
  return new Set(unseen.flatMap((member) => [...logTypesOf(member, byId, new Set([...seen, id]))]))
}

function fieldsByRule(detections: readonly Unversioned[]): Map<string, SignalField[]> {
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
