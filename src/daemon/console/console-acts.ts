/** What a person does in the console, carried out on the store as the commands do. */
import type { Destination } from '../../model/project/destination.ts'
import type { RoutedProject } from '../../model/project/project.ts'
import { findDestination } from '../../routing/resolve-route.ts'
import type { ActReport, ConsoleActs } from '../../server/console/console-ports.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, type ChangedAlert, changeAlert } from '../../workspace/alerts/change-alert.ts'
import { resendAlert } from '../../workspace/alerts/resend-alert.ts'
import { unmute } from '../../workspace/alerts/unmute.ts'
import { resumeDestination } from '../../workspace/destinations/resume-destination.ts'
import type { TestReport } from '../../workspace/destinations/test-alert.ts'

export interface ConsoleActOptions {
  readonly store: Store
  readonly project: () => RoutedProject
  /** Sends the test alert to a destination. */
  readonly sendTest: (destination: Destination) => Promise<TestReport>
  /** Wakes the delivery after something has become due. */
  readonly wake: () => void
}

export function createConsoleActs({ store, project, sendTest, wake }: ConsoleActOptions): ConsoleActs {
  const actor = (name: string): Actor => ({ name, via: 'console' })
  return {
    async changeAlert(alertId, act, by) {
      const changed = await changeAlert(store, alertId, act, actor(by), store.now())
      wake()
      return { ok: changed.result !== 'late', sentence: changeSentence(changed) }
    },
    async resend(alertId, destinations, by) {
      const alert = await store.alert(alertId)
      if (!alert) return unknown('alert', alertId)
      const { to } = await resendAlert(store, project().registry, alert, destinations, actor(by), store.now())
      wake()
      return { ok: true, sentence: `It is sent again to ${to.join(', ')}.` }
    },
    async retryDeliveries(ids, by) {
      const retried = await store.retry({ ids }, { actor: by, via: 'console' })
      wake()
      const ok = retried === ids.length
      const rest = ok ? '' : ' The others are not dead, orphaned or waiting.'
      return { ok, sentence: `Retrying ${retried === 1 ? '1 delivery' : `${retried} deliveries`}.${rest}` }
    },
    async testDestination(name) {
      const destination = findDestination(project().registry, name)
      return destination ? testReport(await sendTest(destination)) : unknown('destination', name)
    },
    async resumeDestination(name, by) {
      const destination = findDestination(project().registry, name)
      if (!destination) return unknown('destination', name)
      await resumeDestination(store, destination, actor(by), store.now())
      wake()
      return {
        ok: true,
        sentence: `${name} is tried again now. The next attempt decides whether it stays paused.`,
      }
    },
    async unmute(detection, by) {
      const ok = await unmute(store, detection, actor(by), store.now())
      return { ok, sentence: ok ? `${detection} makes alerts again.` : `${detection} is not muted.` }
    },
  }
}

function unknown(kind: string, id: string): ActReport {
  return { ok: false, sentence: `There is no ${kind} ${id}.` }
}

function changeSentence({ result, status }: ChangedAlert): string {
  const assigned = status.assignee === '' ? '' : `, assigned to ${status.assignee}`
  switch (result) {
    case 'changed':
      return `The alert is ${status.status}${assigned}.`
    case 'commented':
      return 'The comment is added.'
    case 'late':
      return 'The alert was resolved already, so the acknowledgement is recorded as a comment.'
    case 'unchanged':
    case 'repeated':
      return `The alert is ${status.status} already${assigned}.`
  }
}

function testReport({ destination, result, durationMs }: TestReport): ActReport {
  const took = `${Math.round(durationMs)} ms`
  if (result.result === 'delivered')
    return { ok: true, sentence: `The test alert arrived at ${destination} after ${took}.` }
  return { ok: false, sentence: `The test alert did not arrive at ${destination}: ${result.message}` }
}
