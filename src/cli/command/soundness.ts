/** Rejects a project with errors in the files that a command depends on. The content of an invalid file must not look absent. */

import { expectationsFilesOf } from '../../config/files/discover.ts'
import { shownProblems } from '../../config/files/folded-problems.ts'
import { PACKAGES_LOCK } from '../../config/settings/python-paths.ts'
import { UserError } from '../../errors.ts'
import type { Registry } from '../../model/project/destination.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { Project } from '../../model/project/project.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'

/** Throws if the settings or the registry have errors. */
export function requireConfiguration({ problems, configuration }: Project): void {
  throwForErrors(errorsIn(problems).filter(({ file }) => configuration.includes(file)))
}

/** Throws if something that one detection depends on has errors: the configuration, shared parts, or its expectations. */
export function requireShared(project: Project, { location }: Detection): void {
  requireConfiguration(project)
  const shared = new Set([PACKAGES_LOCK, ...project.invalidParts.map(({ file }) => file)])
  for (const file of expectationsFilesOf(location.file)) shared.add(file)
  throwForErrors(errorsIn(project.problems).filter(({ file }) => shared.has(file)))
}

export function requireRegistry(project: Project): Registry {
  requireConfiguration(project)
  const { registry } = project
  if (typeof registry !== 'string') return registry
  throw new UserError('destinations.yaml not found', {
    code: 'missing-registry',
    hint: 'create it with `signalbox destinations add`, or a whole repository with `signalbox init`',
  })
}

function throwForErrors(errors: readonly Problem[]): void {
  if (errors.length === 0) return
  const texts = shownProblems(errors).map(({ text }) => text)
  throw new UserError(
    `cannot continue, ${counted(errors.length, 'error')} in the project:\n${texts.join('\n\n')}`,
    {
      code: 'invalid-project',
    },
  )
}

export function errorsIn(problems: readonly Problem[]): Problem[] {
  return problems.filter(({ severity }) => severity === 'error')
}
