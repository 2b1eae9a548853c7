/** destinations.yaml as a text that commands change: nothing is written that does not load. */
import { resolve } from 'node:path'
import { checkDestinationsText } from '../../config/destinations/destinations.ts'
import { locateRegistry } from '../../config/destinations/registry-location.ts'
import { processEnvironment } from '../../config/files/environment.ts'
import { formatProblem, ProblemList } from '../../config/files/problems.ts'
import { MAX_FILE_BYTES, SourceText } from '../../config/files/source-text.ts'
import { loadSettings } from '../../config/settings/load-settings.ts'
import { DESTINATION_TYPES } from '../../destinations/_catalog.ts'
import { UserError } from '../../errors.ts'
import { writeThroughLink } from '../../files/output-file.ts'
import { readProjectText } from '../../files/project-file.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { WorkspaceOptions } from '../open-project.ts'

export interface RegistryFile {
  readonly root: string
  /** Absolute. */
  readonly path: string
  /** As problems name it. */
  readonly file: string
  /** null: it does not exist yet. */
  readonly text: string | null
}

export function readRegistryFile(workspace: WorkspaceOptions): RegistryFile {
  const base = resolve(workspace.root)
  const environment = processEnvironment(workspace)
  const { destinationsFile: declared } = loadSettings(base, environment, new ProblemList())
  const { path, file, folders } = locateRegistry(base, {
    flag: workspace.destinationsFile,
    environment,
    declared,
  })
  return { root: base, path, file, text: readProjectText(path, { folders, maxBytes: MAX_FILE_BYTES }) }
}

/** Rejects with a UserError, and leaves the file alone, when the new text has a fault that the old one had not. */
export async function writeRegistryFile(registry: RegistryFile, text: string): Promise<void> {
  const before = new Set((await faultsOf(registry, registry.text ?? '')).map(identity))
  const added = (await faultsOf(registry, text)).filter((fault) => !before.has(identity(fault)))
  if (added.length > 0) {
    throw new UserError(`${registry.file} was not changed\n\n${added.map(formatProblem).join('\n\n')}`)
  }
  writeThroughLink(registry.path, text, { folders: [registry.root] })
}

/** What a command may not bring in: errors, and literals where a secret belongs. */
async function faultsOf({ root, file }: RegistryFile, text: string): Promise<Problem[]> {
  const problems = new ProblemList()
  await checkDestinationsText(
    root,
    new SourceText(file, text.replace(/^\uFEFF/, '')),
    DESTINATION_TYPES,
    problems,
  )
  return problems.sorted().filter(({ severity, code }) => severity === 'error' || code === 'literal-secret')
}

function identity({ code, message }: Problem): string {
  return `${code} ${message}`
}
