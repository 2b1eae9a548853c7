/** The acts of operators, by the functions of the commands. API and console do the same through them. */
import { UserError } from '../../errors.ts'
import { type Destination, destinationKey } from '../../model/project/destination.ts'
import type { RoutedProject } from '../../model/project/project.ts'
import type { ApiActor, ApiActs, SentTest } from '../../server/api/api-ports.ts'
import { isCarriedOut, isRetriedBefore } from '../../server/api/request-once.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../store/store.ts'
import { auditedAct } from '../../workspace/alerts/audited-act.ts'
import { changeAlert } from '../../workspace/alerts/change-alert.ts'
import { resendAlert } from '../../workspace/alerts/resend-alert.ts'
import { unmute } from '../../workspace/alerts/unmute.ts'
import { destinationByName } from '../../workspace/destinations/registry.ts'
import { isHeld, resumeDestination } from '../../workspace/destinations/resume-destination.ts'
import type { TestReport } from '../../workspace/destinations/test-alert.ts'

export interface OperatorActOptions {
  readonly store: Store
  readonly project: () => RoutedProject
  /** Sends the test alert to a destination. */
  readonly sendTest: (destination: Destination) => Promise<TestReport>
  /** Wakes the delivery after something has become due. */
  readonly wake: () => void
}

const MAX_MESSAGE_CHARS = 2_000
const DELIVERED = 'delivered'

export function createOperatorActs({ store, project, sendTest, wake }: OperatorActOptions): ApiActs {
  const alertOf = async (id: string) => {
    const alert = await store.alert(id)
    if (alert) return alert
    throw new UserError(`alert not found: ${id}`, { code: 'unknown-id' })
  }
  return {
    change: async (id, act, actor, version) => {
      const changed = await changeAlert(store, id, act, actor, store.now(), version)
      wake()
      return changed
    },
    resend: async (id, destinations, actor) => {
      if (await isCarriedOut(store, actor.requestId, { kind: 'alert', id })) return { to: [], skipped: [] }
      const { registry } = project()
      const sent = await resendAlert(store, registry, await alertOf(id), destinations, actor, store.now())
      wake()
      return sent
    },
    retry: async (id, { name, via, requestId }) => {
      if (await isRetriedBefore(store, requestId, id)) return true
      const states = ['dead', 'orphaned', 'waiting'] as const
      const retried = await store.retry({ ids: [id], states }, { actor: name, via, requestId })
      if (retried > 0) wake()
      return retried > 0
    },
    resume: async (name, actor) => {
      const destination = destinationByName(project(), name)
      if (await isCarriedOut(store, actor.requestId, subjectOf(destination))) return true
      const now = store.now()
      const before = await resumeDestination(store, destination, actor, now)
      wake()
      return before.pausedAt !== null || isHeld(before, now)
    },
    test: async (name, actor) => {
      const destination = destinationByName(project(), name)
      if (await isCarriedOut(store, actor.requestId, subjectOf(destination)))
        return sentBefore(store, actor.requestId)
      const { result, durationMs } = await sendTest(destination)
      const { status, message } = result
      const isDelivered = result.result === 'delivered'
      const sent = { delivered: isDelivered, status, message, durationMs: Math.round(durationMs) }
      await recordTest(store, destination, sent, actor)
      return sent
    },
    unmute: async (id, actor) => {
      if (await isCarriedOut(store, actor.requestId, { kind: 'detection', id })) return true
      return unmute(store, id, actor, store.now())
    },
  }
}

function subjectOf(destination: Destination) {
  return { kind: 'destination', id: destinationKey(destination) } as const
}

/** The test has arrived or not by then, so its row follows it. */
async function recordTest(
  store: Store,
  destination: Destination,
  { delivered, message }: SentTest,
  actor: ApiActor,
): Promise<void> {
  const after = delivered ? DELIVERED : `not ${DELIVERED}`
  const act = auditedAct(actor, store.now(), { verb: 'tested', subject: subjectOf(destination), after })
  const audits = [{ ...act, note: message.slice(0, MAX_MESSAGE_CHARS) }]
  await store.commit({ ...EMPTY_PLAN, audits }, NOTHING_EXPECTED)
}

async function sentBefore(store: Store, requestId: string): Promise<SentTest> {
  const [row] = await store.audit({ requestId, limit: 1 })
  const { after = '', note = '' } = row ?? {}
  return { delivered: after === DELIVERED, status: null, message: note, durationMs: 0 }
}
