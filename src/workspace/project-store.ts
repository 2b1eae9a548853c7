/** Opens the store of a project for commands. */
import { processEnvironment } from '../config/files/environment.ts'
import { settingsOf } from '../config/settings/load-settings.ts'
import { UserError } from '../errors.ts'
import { systemClock } from '../model/ports.ts'
import type { Settings } from '../model/project/settings.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { WorkspaceOptions } from './open-project.ts'

const DEFAULT_STORE = 'sqlite:.signalbox/signalbox.db'

/** Returns the URL of `--store`, else that of the settings, else the default file. */
export function storeUrlOf({ store }: Pick<Settings, 'store'>, url?: string): string {
  return url ?? store ?? DEFAULT_STORE
}

/**
 * Opens the store that `storeUrlOf` chooses. Reading does not change the store;
 * writing uses short transactions beside a running daemon.
 */
export async function openProjectStore(
  workspace: WorkspaceOptions,
  url: string | undefined,
  access: 'read' | 'write',
): Promise<Store> {
  const environment = processEnvironment(workspace)
  const chosen = storeUrlOf(settingsOf(workspace.root, environment), url)
  if (chosen.startsWith('memory:')) {
    throw new UserError('a memory: store cannot be read by another process', {
      code: 'memory-store',
      hint: 'use a sqlite: or postgres: store',
    })
  }
  // A mistyped path must be an error, not an empty store.
  return openStore(chosen, {
    clock: systemClock,
    projectRoot: workspace.root,
    environment,
    create: false,
    readOnly: access === 'read',
  })
}
