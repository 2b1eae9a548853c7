/** Says in the audit that a destination was paused or works again, after a change of its state by delivery. Pure. */
import { type ChangedDestination, type NewAudit, SYSTEM_ACT } from '../../store/store.ts'

/** Returns null for a change that neither begins nor ends a pause. */
export function stateAudit(key: string, { before, after }: ChangedDestination, at: number): NewAudit | null {
  const act = { ...SYSTEM_ACT, at, subject: { kind: 'destination', id: key } } as const
  if (before.pausedAt === null && after.pausedAt !== null) {
    return { ...act, verb: 'paused', after: after.pausedReason }
  }
  if (before.pausedAt === null || after.pausedAt !== null) return null
  return { ...act, verb: 'resumed', before: before.pausedReason }
}
