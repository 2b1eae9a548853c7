/** Builds the row of the audit for an act that changes no status of an alert. Pure. */
import type { NewAudit } from '../../store/store.ts'
import type { Actor } from './change-alert.ts'

export function auditedAct(
  actor: Actor,
  at: number,
  act: Pick<NewAudit, 'verb' | 'subject'> & Partial<Pick<NewAudit, 'before' | 'after'>>,
): NewAudit {
  const { name, via, origin = null, requestId = null } = actor
  return { at, actor: name, via, before: '', after: '', note: '', origin, requestId, ...act }
}
