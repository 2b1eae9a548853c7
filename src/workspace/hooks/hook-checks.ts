/** What `doctor` says of the hooks: whether their secrets can be read, and when a valid request came last. */
import { isError, messageOf } from '../../errors.ts'
import type { Secrets } from '../../model/ports.ts'
import { HOOK_NAMES, type HookName } from '../../model/project/hook-settings.ts'
import type { Project } from '../../model/project/project.ts'
import type { Store } from '../../store/store.ts'
import type { CheckOutcome } from '../daemons/member-checks.ts'
import { lastRequestAt } from './last-request.ts'

/** @param store null: there is none yet, or it cannot be read. */
export async function checkHookSetup(
  { settings, registry }: Pick<Project, 'settings' | 'registry'>,
  secrets: Pick<Secrets, 'reveal'>,
  store: Pick<Store, 'kv'> | null,
): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = []
  for (const name of HOOK_NAMES) {
    const hook = settings.hooks[name]
    if (hook === undefined) continue
    try {
      await secrets.reveal({ secret: hook.secret })
      outcomes.push(await lastRequest(name, settings.api.publicUrl, store))
    } catch (error) {
      if (!isError(error, 'user')) throw error
      const hint = 'set it in the environment, in --env-file, or in the file that signalbox.yaml names'
      outcomes.push({ state: 'missing', detail: `${name}: ${messageOf(error)}`, hint })
    }
  }
  const isEdited = (destination: { readonly type: string; readonly updates: readonly string[] }) =>
    destination.updates.includes('acknowledged') && destination.updates.includes('resolved')
  const destinations = typeof registry === 'string' ? [] : registry.destinations
  const unedited = settings.hooks.slack
    ? destinations.filter(
        (each) => each.type === 'slack' && each.options.botToken !== undefined && !isEdited(each),
      )
    : []
  for (const { name } of unedited) {
    outcomes.push({
      state: 'note',
      detail: `slack: messages of ${name} do not show that they were answered`,
      hint: 'add `updates: [acknowledged, resolved]` to the destination',
    })
  }
  return outcomes
}

async function lastRequest(
  name: HookName,
  publicUrl: string | null,
  store: Pick<Store, 'kv'> | null,
): Promise<CheckOutcome> {
  const at = store && (await lastRequestAt(store, name))
  if (at !== null) {
    return { state: 'fine', detail: `${name}: last request ${new Date(at).toISOString()}`, hint: null }
  }
  const address = `${(publicUrl ?? 'https://HOST').replace(/\/$/, '')}/hooks/${name}`
  return {
    state: 'note',
    detail: `${name}: no request with a valid signature has come yet`,
    hint: `enter ${address} at the provider, see docs/hooks/${name}.md`,
  }
}
