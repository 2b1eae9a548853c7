/** Which file is the registry. The settings of a project cannot name one outside the project; its user can. */
import { resolve } from 'node:path'
import { hasEntry } from '../../files/path-kind.ts'
import { foldersFor } from '../../files/project-file.ts'
import { projectPath } from '../files/discover.ts'
import type { Environment } from '../files/environment.ts'
import type { FileLocation } from '../yaml/mapping.ts'

export const REGISTRY_FILE = 'destinations.yaml'

interface RegistryChoice {
  /** `--destinations`. */
  readonly flag: string | undefined
  readonly environment: Environment
  /** `destinations` of signalbox.yaml; null: it names none. */
  readonly declared: string | null
}

interface RegistryLocation extends FileLocation {
  /** False: it is the default file, and there is none. */
  readonly isDeclared: boolean
}

export function locateRegistry(
  root: string,
  { flag, environment, declared }: RegistryChoice,
): RegistryLocation {
  const byUser = flag ?? (environment.SIGNALBOX_DESTINATIONS || undefined)
  const asked = byUser ?? declared
  const path = resolve(root, asked ?? REGISTRY_FILE)
  return {
    path,
    file: projectPath(root, path),
    folders: byUser === undefined ? [root] : foldersFor(root, path),
    isDeclared: asked !== null || hasEntry(path),
  }
}
