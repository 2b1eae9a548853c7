/** Unmutes a detection beside a running daemon. */
import { unmuted } from '../../alerts/limiter.ts'
import { UserError } from '../../errors.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../store/store.ts'
import { auditedAct } from './audited-act.ts'
import type { Actor } from './change-alert.ts'

const MAX_COMMIT_TRIES = 20

/** Returns false when the detection is not muted. */
export async function unmute(
  store: Pick<Store, 'read' | 'commit'>,
  detection: string,
  actor: Actor,
  now: number,
): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_COMMIT_TRIES; attempt++) {
    const { limiters } = await store.read({ groups: [], limiters: [detection], seen: [] })
    const limiter = limiters.get(detection)
    if (!limiter || limiter.value.mutedAt === null) return false
    const act = { verb: 'unmuted', subject: { kind: 'detection', id: detection } } as const
    const audits = [auditedAct(actor, now, act)]
    const plan = { ...EMPTY_PLAN, limiters: [unmuted(limiter.value, now)], audits }
    const expected = { ...NOTHING_EXPECTED, limiters: new Map([[detection, limiter.version]]) }
    // The daemon can have changed the limiter meanwhile.
    if ((await store.commit(plan, expected)) === 'ok') return true
  }
  throw new UserError(`the limiter of ${detection} changes faster than it can be written`, {
    code: 'changing-limiter',
    hint: 'run the command again',
  })
}
