/** Opens a project for a replay: without its test cases, and with a registry in any case. */
import { shownProblems } from '../config/files/folded-problems.ts'
import { UserError } from '../errors.ts'
import { registryOrEmpty } from '../model/project/destination.ts'
import type { Detection } from '../model/project/detection.ts'
import type { Problem } from '../model/project/problem.ts'
import type { Project, RoutedProject } from '../model/project/project.ts'
import { openProject, type WorkspaceOptions } from '../workspace/open-project.ts'

/**
 * Rejects with a UserError that holds every problem.
 * @param name of the revision, for messages.
 * @param ids the detections that are replayed, with the members of correlation rules; empty: all.
 */
export async function openReplayedProject(
  workspace: WorkspaceOptions,
  name: string,
  ids: readonly string[],
): Promise<RoutedProject> {
  const project = await openProject({ ...workspace, allowUnknownDestinations: true })
  assertSound(project.problems, name)
  if (project.detections.size === 0)
    throw new UserError(`no detections found in ${name}`, {
      code: 'empty-project',
      hint: 'name the folder of a detections repository with --project',
    })
  const detections = new Map([...selected(project, ids)].map((each) => [each.id, { ...each, tests: [] }]))
  return { ...project, detections, registry: registryOrEmpty(project.registry) }
}

/** Throws a UserError that holds every error. */
export function assertSound(problems: readonly Problem[], name: string): void {
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return
  const texts = shownProblems(errors).map(({ text }) => text)
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
  throw new UserError(`${count} in ${name}, so it cannot be replayed:\n${texts.join('\n\n')}`, {
    code: 'invalid-project',
  })
}

function selected({ detections }: Project, ids: readonly string[]): Iterable<Detection> {
  if (ids.length === 0) return detections.values()
  const members = ids.flatMap((id) => detections.get(id)?.correlation?.steps.map(({ rule }) => rule) ?? [])
  const wanted = new Set([...ids, ...members])
  return [...detections.values()].filter(({ id }) => wanted.has(id))
}
