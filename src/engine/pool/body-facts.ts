/** MAIN THREAD. Turns the facts of the bodies, as Python lists them, into facts by id. */
import type { BodyFacts, DetectionFacts, HelperFacts, ProjectFacts } from '../../model/events/facts.ts'
import type { Body } from '../protocol/messages.ts'

/** @param text facts that `readAnalyses` of driver-response.ts has accepted for these bodies, as a JSON list. */
export function projectFacts(
  text: string,
  bodies: readonly Body[],
  packages: ReadonlySet<string>,
): ProjectFacts {
  const facts = JSON.parse(text) as (BodyFacts | null)[]
  const ofKind = (kind: Body['kind']) =>
    new Map(bodies.flatMap((body, at) => (body.kind === kind && facts[at] ? [[body.id, facts[at]]] : [])))
  return {
    detections: ofKind('detection') as Map<string, DetectionFacts>,
    helpers: ofKind('helper') as Map<string, HelperFacts>,
    dataModels: ofKind('data-model'),
    packages,
  }
}
