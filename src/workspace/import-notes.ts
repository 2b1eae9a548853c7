/** Says where bodies import something else than their authors may think: a stand-in, or what a helper is hidden by. */
import type { BodyFacts, ProjectFacts } from '../model/facts.ts'
import { distributionOf } from '../model/packages.ts'
import type { Problem } from '../model/problem.ts'
import type { Project } from '../model/project.ts'

/** Of the stand-ins, the one that works in part. */
const STAND_IN = 'dateutil'

export function noteImports(project: Project, facts: ProjectFacts): Problem[] {
  return [...noteHidden(project, facts), ...noteStandIns(project, facts)]
}

function noteHidden({ helpers }: Project, facts: ProjectFacts): Problem[] {
  return helpers.flatMap(({ id, place }): Problem[] => {
    const isStandard = facts.helpers.get(id)?.isStandard
    if (!isStandard && !facts.packages.has(id)) return []
    const winner = isStandard ? 'the standard library has' : 'a package brings'
    return [
      {
        severity: 'warning',
        code: 'hidden-helper',
        message: `the helper ${id} is never imported: ${winner} a module of that name`,
        ...place,
        hint: 'give it another GlobalID',
      },
    ]
  })
}

function noteStandIns(project: Project, facts: ProjectFacts): Problem[] {
  if (facts.packages.has(STAND_IN) || facts.helpers.has(STAND_IN)) return []
  const users = [
    ...importers(project.helpers, facts.helpers),
    ...importers(project.dataModels, facts.dataModels),
    ...importers(project.detections.values(), facts.detections),
  ]
  const [first, ...others] = users
  if (!first) return []
  const more = others.length > 0 ? `, and in ${others.length} other bodies` : ''
  return [
    {
      severity: 'warning',
      code: 'stand-in',
      message: `${STAND_IN} is a stand-in that reads only ISO 8601 here${more}`,
      ...first,
      column: 1,
      hint: `signalbox python add ${distributionOf(STAND_IN)} brings the whole`,
    },
  ]
}

interface Owner {
  readonly id: string
  readonly body: { readonly path: string } | null
}

function importers(
  owners: Iterable<Owner>,
  facts: ReadonlyMap<string, BodyFacts>,
): { file: string; line: number }[] {
  return [...owners].flatMap(({ id, body }) => {
    const found = facts.get(id)?.imports.find(({ module }) => module.split('.', 1)[0] === STAND_IN)
    return body && found ? [{ file: body.path, line: found.line }] : []
  })
}
