/** Says in a sentence what each act of a person in the console has done. The acts are those of the API. */
import type { ApiActor, ApiActs, SilenceActs } from '../../server/api/api-ports.ts'
import type { ConsoleActor, ConsoleActs } from '../../server/console/console-ports.ts'

export function createConsoleActs(acts: ApiActs, silences: SilenceActs): ConsoleActs {
  return {
    async changeAlert(alertId, act, by) {
      const changed = await acts.change(alertId, act, actorOf(by), undefined)
      return { ok: changed.result !== 'late', sentence: changeSentence(changed) }
    },
    async resend(alertId, destinations, by) {
      const { to } = await acts.resend(alertId, destinations, actorOf(by))
      return { ok: true, sentence: `It is sent again to ${(to.length > 0 ? to : destinations).join(', ')}.` }
    },
    async retryDeliveries(ids, by) {
      let retried = 0
      for (const id of ids) {
        const requestId = `${by.requestId}:${id}`
        if (await acts.retry(id, actorOf({ ...by, requestId }))) retried++
      }
      const ok = retried === ids.length
      const rest = ok ? '' : ' The others are not dead, orphaned or waiting.'
      return { ok, sentence: `Retrying ${retried === 1 ? '1 delivery' : `${retried} deliveries`}.${rest}` }
    },
    async testDestination(name, by) {
      const { delivered, message, durationMs } = await acts.test(name, actorOf(by))
      if (!delivered) return { ok: false, sentence: `The test alert did not arrive at ${name}: ${message}` }
      return { ok: true, sentence: `The test alert arrived at ${name} after ${durationMs} ms.` }
    },
    async resumeDestination(name, by) {
      await acts.resume(name, actorOf(by))
      return {
        ok: true,
        sentence: `${name} is tried again now. The next attempt decides whether it stays paused.`,
      }
    },
    async unmute(detection, by) {
      const ok = await acts.unmute(detection, actorOf(by))
      return { ok, sentence: ok ? `${detection} makes alerts again.` : `${detection} is not muted.` }
    },
    async addSilence(wanted, forMs, by) {
      const whole = { ...wanted, except: null, owner: by.name, everything: false }
      const id = await silences.add(whole, forMs, actorOf(by))
      return { ok: true, sentence: `${id} is in force${await endText(silences, id)}.` }
    },
    async extendSilence(id, forMs, by) {
      await silences.extend(id, forMs, actorOf(by))
      return { ok: true, sentence: `${id} is extended${await endText(silences, id)}.` }
    },
    async expireSilence(id, by) {
      await silences.expire(id, actorOf(by))
      return { ok: true, sentence: `${id} has ended.` }
    },
  }
}

function actorOf({ name, requestId }: ConsoleActor): ApiActor {
  return { name, requestId, via: 'console' }
}

/** ` until 2026-11-30 21:05 UTC` */
async function endText(silences: SilenceActs, id: string): Promise<string> {
  const found = await silences.find(id)
  if (!found) return ''
  return ` until ${new Date(found.silence.until).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function changeSentence({ result, status }: Awaited<ReturnType<ApiActs['change']>>): string {
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
