/** PagerDuty: webhooks of version 3. Only what a person does there is taken over. */
import {
  asObject,
  DELIVERY_KEY,
  type Hook,
  type HookAct,
  type HookReading,
  isSignedBy,
  objectOf,
  textAtPath,
} from './_hook.ts'

/** PagerDuty repeats a request for two days. The store knows for longer which events it has seen. */
const MAX_AGE_MS = 7 * 24 * 60 * 60_000

export const PAGERDUTY_HOOK: Hook = {
  verify(headers, body, secret, now) {
    // While a secret is replaced, each of the two has a signature.
    const signatures = (headers['x-pagerduty-signature'] ?? '').split(',').map((each) => each.trim())
    const isSigned = signatures
      .slice(0, 10)
      .map((each) => isSignedBy(secret, [body], /^v1=(.*)$/.exec(each)?.[1] ?? ''))
      .includes(true)
    if (!isSigned) return 'the signature is missing or wrong'
    const occurredAt = Date.parse(textAtPath(objectOf(body.toString('utf8')), 'event', 'occurred_at'))
    return now - occurredAt > MAX_AGE_MS ? 'the event is older than 7 days' : null
  },
  read(body, { ignoreUsers }) {
    const event = asObject(objectOf(body)?.event)
    if (event === null) return null
    const [id, type] = [textAtPath(event, 'id'), textAtPath(event, 'event_type')]
    if (id === '' || type === '') return null
    const { data } = event
    const isNote = type === 'incident.annotated'
    const record = isNote ? textAtPath(data, 'incident', 'id') : textAtPath(data, 'id')
    const key = textAtPath(data, 'incident_key')
    const delivery = DELIVERY_KEY.test(key) ? key : null
    const records = record !== '' && delivery !== null ? [{ record, delivery }] : []
    // What the Events API or a rule of PagerDuty did may be the result of an update of Signalbox.
    const isPerson = textAtPath(event, 'agent', 'type') === 'user_reference'
    const actor = { id: textAtPath(event, 'agent', 'id'), name: textAtPath(event, 'agent', 'summary') }
    if (!isPerson || actor.id === '' || ignoreUsers.includes(actor.id) || record === '')
      return { acts: [], records }
    const alert = delivery === null ? { by: 'record', id: record } : { by: 'delivery', id: delivery }
    const common = { id, alert, actor, note: isNote ? textAtPath(data, 'content') : '' } as const
    return { acts: actsOf(type, common as Parameters<typeof actsOf>[1]), records }
  },
}

function actsOf(type: string, common: Pick<HookAct, 'id' | 'alert' | 'actor' | 'note'>): HookReading['acts'] {
  switch (type) {
    case 'incident.acknowledged':
      return [{ ...common, verb: 'acknowledge' }]
    case 'incident.resolved':
      return [{ ...common, verb: 'resolve', reason: 'fixed' }]
    case 'incident.annotated':
      return common.note === '' ? [] : [{ ...common, verb: 'comment' }]
    default:
      return []
  }
}
