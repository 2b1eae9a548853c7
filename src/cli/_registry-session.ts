/** What the `destinations` commands start from: a project whose registry loads. */
import { UserError } from '../errors.ts'
import type { Project } from '../model/project.ts'
import type { WithRegistry } from '../workspace/registry.ts'
import { formatProblem, openProject } from '../workspace.ts'
import type { Io } from './_command.ts'
import type { GlobalOptions, Values } from './_options.ts'
import { openSession, type Session } from './_session.ts'

export interface RegistrySession extends Session {
  readonly project: WithRegistry
}

export async function openRegistry(options: Values<GlobalOptions>, io: Io): Promise<RegistrySession> {
  const session = openSession(options, io, { workspace: { allowUnknownDestinations: true } })
  const project = await openProject(session.workspace)
  return { ...session, project: { ...project, registry: registryOf(project) } }
}

function registryOf({ registry, problems, configuration }: Project) {
  if (registry) return registry
  const faults = problems.filter(({ severity, file }) => severity === 'error' && configuration.includes(file))
  if (faults.length > 0) throw new UserError(faults.map(formatProblem).join('\n\n'))
  throw new UserError('there is no destinations.yaml', {
    hint: '`signalbox destinations add` begins one, `signalbox init` a whole repository',
  })
}
