/** The acts of the API, by the functions of the commands. */

import type { Delivery } from '../../delivery/delivery.ts'
import { UserError } from '../../errors.ts'
import type { ApiActs } from '../../server/api/api-ports.ts'
import { changeAlert } from '../../workspace/alerts/change-alert.ts'
import { resendAlert } from '../../workspace/alerts/resend-alert.ts'
import { unmute } from '../../workspace/alerts/unmute.ts'
import { destinationByName } from '../../workspace/destinations/registry.ts'
import { isHeld, resumeDestination } from '../../workspace/destinations/resume-destination.ts'
import { sendTestAlerts } from '../../workspace/destinations/test-alert.ts'
import type { DaemonOptions, Resources } from '../resources.ts'

const TEST_TIMEOUT_MS = 30_000

export function apiActs(
  { store, current }: Pick<Resources, 'store' | 'current'>,
  { workspace, secretsDirs, print }: DaemonOptions,
  delivery: Pick<Delivery, 'wake'>,
): ApiActs {
  const alertOf = async (id: string) => {
    const alert = await store.alert(id)
    if (alert) return alert
    throw new UserError(`alert not found: ${id}`, { code: 'unknown-id' })
  }
  return {
    change: async (id, act, actor, version) => {
      const changed = await changeAlert(store, id, act, actor, store.now(), version)
      delivery.wake()
      return changed
    },
    resend: async (id, destinations, actor) => {
      const { registry } = current.generation.project
      const sent = await resendAlert(store, registry, await alertOf(id), destinations, actor, store.now())
      delivery.wake()
      return sent
    },
    retry: async (id, { name, via }) => {
      const states = ['dead', 'orphaned', 'waiting'] as const
      const retried = await store.retry({ ids: [id], states }, { actor: name, via })
      if (retried > 0) delivery.wake()
      return retried > 0
    },
    resume: async (name, actor) => {
      const now = store.now()
      const destination = destinationByName(current.generation.project, name)
      const before = await resumeDestination(store, destination, actor, now)
      delivery.wake()
      return before.pausedAt !== null || isHeld(before, now)
    },
    test: async (name) => {
      const { project } = current.generation
      const [report] = await sendTestAlerts(project, [destinationByName(project, name)], {
        workspace,
        secretsDirs,
        timeoutMs: TEST_TIMEOUT_MS,
        print,
      })
      const { result, durationMs } = report!
      const { status, message } = result
      return { delivered: result.result === 'delivered', status, message, durationMs: Math.round(durationMs) }
    },
    unmute: (id, actor) => unmute(store, id, actor, store.now()),
  }
}
