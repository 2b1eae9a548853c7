/** Sends the documented test alert to destinations: one attempt each, without filters, and reports the result. */

import { createSecrets } from '../../config/destinations/secrets.ts'
import { processEnvironment } from '../../config/files/environment.ts'
import type { JsonText } from '../../core/exact-json.ts'
import { createHttpClient, DEFAULT_HTTP_LIMITS } from '../../delivery/http/http-client.ts'
import { type SendPorts, type SendResult, sendOnce } from '../../delivery/send.ts'
import { UserError } from '../../errors.ts'
import type { Notification } from '../../model/alerts/alert.ts'
import { alertLink, deliveryId } from '../../model/alerts/alert.ts'
import { systemClock } from '../../model/ports.ts'
import { type Destination, destinationKey } from '../../model/project/destination.ts'
import type { Project, RoutedProject } from '../../model/project/project.ts'
import { VERSION } from '../../version.ts'
import type { WorkspaceOptions } from '../open-project.ts'
import { loadTypes } from './load-destination-types.ts'

interface TestOptions {
  readonly workspace: WorkspaceOptions
  readonly secretsDirs: readonly string[]
  readonly timeoutMs: number
  /** Prints one line to standard output for the console destination. */
  readonly print: SendPorts['print']
}

export interface TestReport {
  readonly destination: string
  readonly result: SendResult
  readonly durationMs: number
}

const ID = 'Test.Alert'

export async function sendTestAlerts(
  project: RoutedProject,
  destinations: readonly Destination[],
  options: TestOptions,
): Promise<TestReport[]> {
  const { workspace, secretsDirs, timeoutMs, print } = options
  const registry = {
    ...project.registry,
    destinations: destinations.map((each) => ({ ...each, enabled: true })),
  }
  const types = await loadTypes(registry, project.root, workspace.allowLocalTypes ?? false)
  const http = createHttpClient({ ...DEFAULT_HTTP_LIMITS, totalTimeoutMs: timeoutMs })
  const environment = processEnvironment(workspace)
  const ports = {
    types: async (type: string) => types.get(type) ?? notLoaded(type),
    secrets: createSecrets({ environment, projectRoot: project.root, secretsDirs }),
    http,
    clock: systemClock,
    log: workspace.log,
    print,
    projectRoot: project.root,
    version: VERSION,
  }
  const send = async (destination: Destination): Promise<TestReport> => {
    const startedAt = performance.now()
    const now = systemClock.now()
    const sending = {
      alert: { notification: testNotification(project, now), reference: '' },
      deliveryId: deliveryId(`${ID}.${now}`, destinationKey(destination)),
      repeated: false,
    }
    const result = await sendOnce(ports, destination, sending, AbortSignal.timeout(timeoutMs + 1_000))
    return { destination: destination.name, result, durationMs: performance.now() - startedAt }
  }
  try {
    return await Promise.all(destinations.map(send))
  } finally {
    await http.close()
  }
}

function notLoaded(type: string): never {
  throw new UserError(`destination type "${type}" is not loaded`, { code: 'unknown-destination-type' })
}

/** Builds the notification of Panther's test alert, with its keys in the documented order. */
function testNotification({ settings }: Project, now: number): JsonText {
  const notification: Notification = {
    id: ID,
    createdAt: new Date(now).toISOString(),
    severity: 'INFO',
    type: 'RULE',
    link: alertLink(settings.alertUrl, ID, ID),
    title: 'This is a Test Alert',
    name: 'Test Alert',
    alertId: ID,
    alertContext: {},
    description: 'This is a Test Alert',
    runbook: 'No action is required: this alert tests whether alerts arrive here.',
    tags: ['test'],
    version: 'abcdefg',
  }
  return JSON.stringify(notification)
}
