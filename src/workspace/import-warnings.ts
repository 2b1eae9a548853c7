/** Says where bodies import something else than their authors may think: a stand-in, or what a helper is hidden by. */
import type { BodyFacts, ProjectFacts } from '../model/events/facts.ts'
import { distributionOf } from '../model/project/packages.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'

/** Modules that work in part until a package is added. */
const PARTIAL = [
  {
    code: 'stand-in',
    module: 'dateutil',
    package: 'dateutil',
    severity: 'warning',
    what: 'the bundled dateutil parses ISO 8601 only',
  },
  {
    code: 'no-time-zones',
    module: 'zoneinfo',
    package: 'tzdata',
    // Many bodies use UTC alone, which works.
    severity: 'info',
    what: 'zoneinfo knows only UTC here',
  },
] as const

export function warnImports(project: Project, facts: ProjectFacts): Problem[] {
  return [
    ...warnShadowed(project, facts),
    ...PARTIAL.flatMap((partial) => warnPartial(partial, project, facts)),
  ]
}

function warnShadowed({ helpers }: Project, facts: ProjectFacts): Problem[] {
  return helpers.flatMap(({ id, place }): Problem[] => {
    const isStandard = facts.helpers.get(id)?.isStandard
    if (!isStandard && !facts.packages.has(id)) return []
    const winner = isStandard ? 'the standard library has' : 'a package brings'
    return [
      {
        severity: 'warning',
        code: 'shadowed-helper',
        message: `the helper ${id} is never imported: ${winner} a module of that name`,
        ...place,
        hint: 'give it another GlobalID',
      },
    ]
  })
}

function warnPartial(partial: (typeof PARTIAL)[number], project: Project, facts: ProjectFacts): Problem[] {
  const { module, code, severity, what } = partial
  if (facts.packages.has(partial.package) || facts.helpers.has(module)) return []
  const users = [
    ...importers(module, project.helpers, facts.helpers),
    ...importers(module, project.dataModels, facts.dataModels),
    ...importers(module, project.detections.values(), facts.detections),
  ]
  const [first, ...others] = users
  if (!first) return []
  const more = others.length > 0 ? ` (imported in ${others.length + 1} files)` : ''
  return [
    {
      severity,
      code,
      message: `${what}${more}`,
      ...first,
      column: 1,
      hint: `signalbox python add ${distributionOf(module)} installs ${code === 'stand-in' ? 'the full package' : 'the other time zones'}`,
    },
  ]
}

interface Owner {
  readonly id: string
  readonly body: { readonly path: string } | null
}

function importers(
  sought: string,
  owners: Iterable<Owner>,
  facts: ReadonlyMap<string, BodyFacts>,
): { file: string; line: number }[] {
  return [...owners].flatMap(({ id, body }) => {
    const found = facts.get(id)?.imports.find(({ module }) => module.split('.', 1)[0] === sought)
    return body && found ? [{ file: body.path, line: found.line }] : []
  })
}
