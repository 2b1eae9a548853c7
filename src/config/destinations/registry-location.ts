/** Which file is the registry. */
import { locateFile } from '../files/declared-file.ts'
import type { Environment } from '../files/environment.ts'

export const REGISTRY_FILE = 'destinations.yaml'

interface RegistryChoice {
  /** `--destinations`. */
  readonly flag: string | undefined
  readonly environment: Environment
  /** `destinations` of signalbox.yaml; null: it names none. */
  readonly declared: string | null
}

export function locateRegistry(root: string, { flag, environment, declared }: RegistryChoice) {
  return locateFile(root, REGISTRY_FILE, { flag, variable: environment.SIGNALBOX_DESTINATIONS, declared })
}
