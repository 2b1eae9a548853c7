/** Removes from the store of a project what its settings let expire, or counts it. */
import { processEnvironment } from '../config/files/environment.ts'
import { settingsOf } from '../config/settings/load-settings.ts'
import { UserError } from '../errors.ts'
import { directRemover } from '../retention/direct-remover.ts'
import { countRemovable, type RetentionResult, runRetention } from '../retention/retention-pass.ts'
import type { WorkspaceOptions } from './open-project.ts'
import { openProjectStore } from './project-store.ts'

const MAX_AHEAD_MS = 60_000

export interface PruneResult extends RetentionResult {
  readonly store: string
  readonly isDryRun: boolean
}

export async function pruneProjectStore(
  workspace: WorkspaceOptions,
  { url, isDryRun }: { readonly url?: string | undefined; readonly isDryRun: boolean },
): Promise<PruneResult> {
  const { retention } = settingsOf(workspace.root, processEnvironment(workspace))
  if (Object.values(retention).every((limit) => limit === null))
    throw new UserError('signalbox.yaml has no retention, so everything stays', {
      code: 'no-retention',
      hint: 'add for example: retention: { alerts: 400d, deliveries: 90d, audit: 400d }',
    })
  const store = await openProjectStore(workspace, url, isDryRun ? 'read' : 'write')
  try {
    const common = { store: store.location, isDryRun }
    if (isDryRun)
      return { ...common, removed: await countRemovable(retention, store, store.now()), closed: 0 }
    const [newest] = (await store.findAlerts({ limit: 1 })).alerts
    if (newest && newest.createdAt - store.now() > MAX_AHEAD_MS)
      throw new UserError('the newest alert lies in the future, so the clock may be wrong', {
        code: 'no-retention',
        hint: 'correct the clock, then call it again',
      })
    const remover = directRemover(store)
    const pause = async () => true
    return {
      ...common,
      ...(await runRetention(retention, { store, remover, now: () => store.now(), pause })),
    }
  } finally {
    await store.close()
  }
}
