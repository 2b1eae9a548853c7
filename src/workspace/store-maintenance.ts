/** Copies and checks the stores of a project. */
import { processEnvironment } from '../config/files/environment.ts'
import { settingsOf } from '../config/settings/load-settings.ts'
import { systemClock } from '../model/ports.ts'
import { checkStore } from '../store/store-check.ts'
import { type CopyResult, type CopyStoreOptions, copyStore } from '../store/store-copy.ts'
import type { StoreReport } from '../store/store-report.ts'
import type { WorkspaceOptions } from './open-project.ts'
import { storeUrlOf } from './project-store.ts'

export type { CopyResult, StoreReport }

export function copyProjectStore(
  workspace: WorkspaceOptions,
  options: Omit<CopyStoreOptions, 'projectRoot' | 'environment'>,
): Promise<CopyResult> {
  const environment = processEnvironment(workspace)
  return copyStore({ ...options, projectRoot: workspace.root, environment })
}

/** @param url if it is absent, the store of the project. */
export function checkProjectStore(
  workspace: WorkspaceOptions,
  url: string | undefined,
): Promise<StoreReport> {
  const environment = processEnvironment(workspace)
  const chosen = storeUrlOf(settingsOf(workspace.root, environment), url)
  return checkStore(chosen, { projectRoot: workspace.root, environment, now: systemClock.now() })
}
