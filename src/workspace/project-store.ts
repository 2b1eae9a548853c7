/** Opens the store of a project for commands. */
import { processEnvironment } from '../config/files/environment.ts'
import { settingsOf } from '../config/settings/load-settings.ts'
import { UserError } from '../errors.ts'
import { systemClock } from '../model/ports.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { WorkspaceOptions } from './open-project.ts'

export const DEFAULT_STORE = 'sqlite:.signalbox/signalbox.db'

/**
 * Opens the store of `--store`, else that of signalbox.yaml, else the default file. Reading does not change the store;
 * writing uses short transactions beside a running daemon.
 */
export async function openProjectStore(
  workspace: WorkspaceOptions,
  url: string | undefined,
  access: 'read' | 'write',
): Promise<Store> {
  const { store } = settingsOf(workspace.root, processEnvironment(workspace))
  const chosen = url ?? store ?? DEFAULT_STORE
  if (chosen.startsWith('memory:')) {
    throw new UserError('a memory: store cannot be read by another process', {
      code: 'memory-store',
      hint: 'use a sqlite: store',
    })
  }
  // A mistyped path must be an error, not an empty store.
  return openStore(chosen, {
    clock: systemClock,
    projectRoot: workspace.root,
    create: false,
    readOnly: access === 'read',
  })
}
