/** Resends an alert beside a running daemon: to the destinations of its route, or to named ones. */
import { resend } from '../../delivery/resend.ts'
import { UserError } from '../../errors.ts'
import type { Destination, Registry } from '../../model/project/destination.ts'
import { findDestination } from '../../routing/resolve-route.ts'
import { type AlertRow, EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../store/store.ts'
import { auditedAct } from './audited-act.ts'
import type { Actor } from './change-alert.ts'

const MAX_COMMIT_TRIES = 20

interface ResendResult {
  /** The names of the destinations that get the alert. */
  readonly to: readonly string[]
  /** The destinations of the route that are disabled or not in the registry. */
  readonly skipped: readonly string[]
}

/** All names that the user gives must exist; destinations of the route that do not are skipped. */
export async function resendAlert(
  store: Pick<Store, 'commit'>,
  registry: Registry,
  alert: Pick<AlertRow, 'id' | 'route'>,
  named: readonly string[],
  actor: Actor,
  now: number,
): Promise<ResendResult> {
  const wanted = [...new Set(named.length > 0 ? named : alert.route.destinations)]
  const recipients = wanted.flatMap((name) => findRecipient(registry, name) ?? [])
  const skipped = wanted.filter((name) => findRecipient(registry, name) === undefined)
  if (named.length > 0 && skipped.length > 0) {
    throw new UserError(`destination not found or disabled: ${skipped.join(', ')}`, {
      code: 'unknown-destination',
    })
  }
  if (recipients.length === 0) {
    throw new UserError('no destination of the alert is enabled', {
      code: 'no-recipient',
      hint: 'choose a destination with --destination',
    })
  }
  const deliveries = resend(alert.id, recipients, now)
  const to = recipients.map(({ name }) => name)
  const act = { verb: 'resent', subject: { kind: 'alert', id: alert.id }, after: to.join(', ') } as const
  const plan = { ...EMPTY_PLAN, deliveries, audits: [auditedAct(actor, now, act)] }
  for (let attempt = 0; attempt < MAX_COMMIT_TRIES; attempt++)
    if ((await store.commit(plan, NOTHING_EXPECTED)) === 'ok') return { to, skipped }
  throw new UserError(`the alert ${alert.id} changes faster than it can be written`, {
    code: 'changing-alert',
    hint: 'repeat the request',
  })
}

function findRecipient(registry: Registry, name: string): Destination | undefined {
  const found = findDestination(registry, name)
  return found?.enabled ? found : undefined
}
