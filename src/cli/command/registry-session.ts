/** Opens the session of the `destinations` commands: a project whose registry has no errors. */
import type { ProjectWithRegistry } from '../../workspace/destinations/registry.ts'
import { openProject } from '../../workspace/open-project.ts'
import type { Io } from './command.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'
import { requireRegistry } from './soundness.ts'

export interface RegistrySession extends Session {
  readonly project: ProjectWithRegistry
}

export async function openRegistry(options: SessionOptions, io: Io): Promise<RegistrySession> {
  const session = openSession(options, io, { workspace: { allowUnknownDestinations: true } })
  const project = await openProject(session.workspace)
  return { ...session, project: { ...project, registry: requireRegistry(project) } }
}
