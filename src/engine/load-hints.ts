/**
 * MAIN THREAD. Adds hints to the problems of bodies that failed to load: a helper with a similar name, a package, or the
 * circle of imports.
 */

import { nearest } from '../core/did-you-mean.ts'
import type { BodyProblem } from '../model/events/evaluation.ts'
import type { BodyFacts } from '../model/events/facts.ts'
import { distributionOf } from '../model/project/packages.ts'
import type { Project } from '../model/project/project.ts'
import { isStandardModule } from './absent-modules.ts'

const MISSING = /No module named '([\w.]+)'/
const CIRCULAR = /partially initialized module '(\w+)'/

type Helpers = Pick<Project, 'helpers' | 'invalidParts' | 'problems'>

/** @param helpersFacts is called only if a hint needs the facts of the helpers. */
export function withHints(
  problems: readonly BodyProblem[],
  project: Helpers,
  helpersFacts: () => ReadonlyMap<string, BodyFacts>,
): BodyProblem[] {
  return problems.map((problem) => {
    const { message } = problem.error
    const module = MISSING.exec(message)?.[1]
    const circular = CIRCULAR.exec(message)?.[1]
    if (module !== undefined) {
      return { ...problem, hint: missingModuleHint(module, project) }
    }
    return circular === undefined
      ? problem
      : { ...problem, hint: circularImportHint(circular, helpersFacts()) }
  })
}

function missingModuleHint(module: string, project: Helpers): string {
  const [top = '', ...below] = module.split('.')
  // The package itself was found, so the missing module is most likely a compiled one.
  if (below.length > 0) return `only packages of pure Python run here: is ${top} one?`
  if (isStandardModule(top)) return `${top} belongs to the standard library and is not available here`
  return helperHint(top, project) ?? packageHint(top)
}

/** A name that resembles a helper gets no hint to the package index, where a stranger may own that name. */
function helperHint(module: string, { helpers, invalidParts, problems }: Helpers): string | null {
  const invalid = invalidParts.find(({ kind, id }) => kind === 'helper' && id === module)
  if (invalid) return `the helper ${module} is not loaded: correct the errors in ${invalid.file}`
  const bare = problems.find(({ code, file }) => code === 'unused-body' && file.endsWith(`/${module}.py`))
  if (bare) return `${bare.file} is no helper yet: it requires a spec with AnalysisType: global`
  const known = [...helpers, ...invalidParts.filter(({ kind }) => kind === 'helper')].map(({ id }) => id)
  const near = nearest(module, known)
  return near === undefined ? null : `did you mean the helper "${near}"?`
}

function packageHint(module: string): string {
  const command = `signalbox python add ${distributionOf(module)}`
  return `if this is a package on PyPI: ${command} (pure Python only)`
}

function circularImportHint(start: string, helpers: ReadonlyMap<string, BodyFacts>): string {
  const circle = findImportCircle(start, start, helpers, new Set())
  const what = circle ? [start, ...circle].join(' imports ') : 'they import each other'
  return `${what}: move what both need into a helper of its own`
}

/** The imports that lead from one helper to another, without the first one. */
function findImportCircle(
  from: string,
  to: string,
  helpers: ReadonlyMap<string, BodyFacts>,
  seen: Set<string>,
): string[] | null {
  for (const { module } of helpers.get(from)?.imports ?? []) {
    if (module === to) return [to]
    if (seen.has(module)) continue
    seen.add(module)
    const rest = findImportCircle(module, to, helpers, seen)
    if (rest) return [module, ...rest]
  }
  return null
}
