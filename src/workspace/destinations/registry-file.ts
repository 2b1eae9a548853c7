/** Reads and writes the text of destinations.yaml. Text that does not load is never written. */
import { resolve } from 'node:path'
import type { ImportLocalType } from '../../config/destinations/destination-types.ts'
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
import { localTypeImporter } from './local-types.ts'

export interface RegistryFile {
  readonly root: string
  /** Imports local types; null: their options are not checked. */
  readonly importLocal: ImportLocalType | null
  /** The absolute path. */
  readonly path: string
  /** The name of the file in problems. */
  readonly file: string
  /** The text is null when the file does not exist yet. */
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
  const importLocal = workspace.allowLocalTypes ? localTypeImporter(base) : null
  return {
    root: base,
    importLocal,
    path,
    file,
    text: readProjectText(path, { folders, maxBytes: MAX_FILE_BYTES }),
  }
}

/** Rejects with a UserError and does not change the file when the new text has a problem that the old text has not. */
export async function writeRegistryFile(registry: RegistryFile, text: string): Promise<void> {
  const before = new Set((await problemsOf(registry, registry.text ?? '')).map(identity))
  const added = (await problemsOf(registry, text)).filter((problem) => !before.has(identity(problem)))
  if (added.length > 0) {
    throw new UserError(`${registry.file} was not changed\n\n${added.map(formatProblem).join('\n\n')}`, {
      code: 'invalid-registry-change',
    })
  }
  writeThroughLink(registry.path, text, { folders: [registry.root] })
}

/** Finds the problems that a command must not add: errors, and literals instead of references to secrets. */
async function problemsOf({ root, importLocal, file }: RegistryFile, text: string): Promise<Problem[]> {
  const problems = new ProblemList()
  await checkDestinationsText(
    new SourceText(file, text.replace(/^\uFEFF/, '')),
    { root, bundled: DESTINATION_TYPES, importLocal },
    problems,
  )
  return problems.sorted().filter(({ severity, code }) => severity === 'error' || code === 'literal-secret')
}

function identity({ code, message }: Problem): string {
  return `${code} ${message}`
}
