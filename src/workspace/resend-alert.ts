/** Sends an alert again, beside a running daemon: to where it was routed, or to destinations by name. */
import { resend } from '../delivery/resend.ts'
import { UserError } from '../errors.ts'
import type { Destination, Registry } from '../model/project/destination.ts'
import { findDestination } from '../routing/resolve-route.ts'
import { type AlertRow, EMPTY_PLAN, type Store } from '../store/store.ts'

interface ResendResult {
  /** Names of those that get it. */
  readonly to: readonly string[]
  /** Of the alert's route, but not in the registry, or disabled. */
  readonly skipped: readonly string[]
}

/** Names that the user gives must all be enabled destinations. Destinations of the alert's own route that are missing or disabled are skipped. */
export async function resendAlert(
  store: Pick<Store, 'commit'>,
  registry: Registry,
  alert: Pick<AlertRow, 'id' | 'route'>,
  named: readonly string[],
  now: number,
): Promise<ResendResult> {
  const wanted = [...new Set(named.length > 0 ? named : alert.route.destinations)]
  const recipients = wanted.flatMap((name) => findRecipient(registry, name) ?? [])
  const skipped = wanted.filter((name) => findRecipient(registry, name) === undefined)
  if (named.length > 0 && skipped.length > 0) {
    throw new UserError(`no enabled destination is called ${skipped.map((name) => `"${name}"`).join(', ')}`)
  }
  if (recipients.length === 0) {
    throw new UserError('the alert was routed to no destination that is there now', {
      hint: 'name one with --destination',
    })
  }
  const deliveries = resend(alert.id, recipients, now)
  await store.commit({ ...EMPTY_PLAN, deliveries }, { groups: new Map(), limiters: new Map() })
  return { to: recipients.map(({ name }) => name), skipped }
}

function findRecipient(registry: Registry, name: string): Destination | undefined {
  const found = findDestination(registry, name)
  return found?.enabled ? found : undefined
}
