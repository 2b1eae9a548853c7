/** Warns where bodies import another module than their authors may expect: a stand-in, or one that shadows a helper. */
import type { BodyFacts, ProjectFacts } from '../model/events/facts.ts'
import { distributionOf } from '../model/project/packages.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project } from '../model/project/project.ts'

/** These modules work only in part until a package is added. */
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
    // Many bodies use only UTC, which works.
    severity: 'info',
    what: 'zoneinfo supports only UTC',
  },
] as const

export function warnImports(project: Project, facts: ProjectFacts): Problem[] {
  return [
    ...warnShadowed(project, facts),
    ...PARTIAL.flatMap((partial) => warnPartial(partial, project, facts)),
  ]
}

function warnShadowed({ helpers }: Project, facts: ProjectFacts): Problem[] {
  return helpers.flatMap(({ id, location }): Problem[] => {
    const isStandard = facts.helpers.get(id)?.isStandard
    if (!isStandard && !facts.packages.has(id)) return []
    const winner = isStandard ? 'the standard library' : 'a package'
    return [
      {
        severity: 'warning',
        code: 'shadowed-helper',
        message: `helper ${id} is shadowed by the module of the same name from ${winner}`,
        ...location,
        hint: 'give the helper another GlobalID',
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
      hint: `run signalbox python add ${distributionOf(module)} to install ${code === 'stand-in' ? 'the full package' : 'the other time zones'}`,
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
