/** Makes the acts of operators over the store, the project and the delivery of the daemon. */
import type { ApiActs } from '../../server/api/api-ports.ts'
import { sendTestAlerts } from '../../workspace/destinations/test-alert.ts'
import type { DaemonOptions, Resources } from '../resources.ts'
import { createOperatorActs } from './operator-acts.ts'

const TEST_TIMEOUT_MS = 30_000

/** @param wake lets deliveries begin that an act has created. */
export function openActs(
  { store, current }: Pick<Resources, 'store' | 'current'>,
  { workspace, secretsDirs, print }: DaemonOptions,
  wake: () => void,
): ApiActs {
  const project = () => current.generation.project
  return createOperatorActs({
    store,
    project,
    wake,
    sendTest: async (destination) => {
      const options = { workspace, secretsDirs, print, timeoutMs: TEST_TIMEOUT_MS }
      const [report] = await sendTestAlerts(project(), [destination], options)
      return report!
    },
  })
}
