/** What the commands see of a project: its content, an engine, a store, and the story of one event. */
import { processEnvironment } from '../config/files/environment.ts'
import { settingsOf } from '../config/settings/load-settings.ts'
import { UserError } from '../errors.ts'
import { systemClock } from '../model/ports.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { WorkspaceOptions } from './open-project.ts'

export const DEFAULT_STORE = 'sqlite:.signalbox/signalbox.db'

/**
 * The store that `--store` names, else signalbox.yaml, else the default file: to read, which changes nothing about it, or
 * to write in short transactions beside a daemon.
 */
export async function openProjectStore(
  workspace: WorkspaceOptions,
  url: string | undefined,
  access: 'read' | 'write',
): Promise<Store> {
  const { store } = settingsOf(workspace.root, processEnvironment(workspace))
  const chosen = url ?? store ?? DEFAULT_STORE
  if (chosen.startsWith('memory:')) {
    throw new UserError('a memory: store ends with its process, there is nothing to look at')
  }
  // A mistyped path must not read like a store without alerts.
  return openStore(chosen, {
    clock: systemClock,
    projectRoot: workspace.root,
    create: false,
    readOnly: access === 'read',
  })
}
