/** An alert as people read it: the labelled parts that every long text is made of. Types add only their markup. */

import { parseExact } from '../../core/exact-json.ts'
import type { Notification } from '../../model/alerts/alert.ts'
import { alertGroup } from '../../model/alerts/alert-kind.ts'
import type { Message } from '../_destination.ts'

export interface Part {
  readonly label: string
  readonly text: string
}

/** The parts that have something to say, in order; the context is apart, for it is long. */
export function labelledParts({ notification, reference }: Message): Part[] {
  const { severity, description, runbook, tags, name, id, alertId, link } = notification
  const all = {
    Severity: severity,
    Description: description,
    Runbook: runbook,
    Reference: reference,
    Tags: tags.join(', '),
    Detection: name && name !== id ? `${name} (${id})` : id,
    Alert: alertId,
    Link: link,
  }
  return Object.entries(all).flatMap(([label, text]) => (text ? [{ label, text }] : []))
}

/** The alert context, indented, with every digit it came with; empty where there is none. */
export function contextText({ json }: Message): string {
  const { alertContext } = parseExact(json) as { alertContext: object }
  return Object.keys(alertContext).length === 0 ? '' : JSON.stringify(alertContext, null, 2)
}

/** What happened, in a sentence. */
export function headline({ name, id, type }: Notification): string {
  const who = name || id
  if (alertGroup(type) === 'DETECTION_ERROR') return `${who} encountered an error`
  return type === 'POLICY' ? `${who} failed on new resources` : `${who} triggered`
}

/** The long text without markup: `body` of a template, else every part and the context. */
export function plainText(message: Message): string {
  if (message.body !== null) return message.body
  const context = contextText(message)
  const lines = labelledParts(message).map(({ label, text }) => `${label}: ${text}`)
  return [headline(message.notification), ...lines, ...(context ? [`Context:\n${context}`] : [])].join('\n')
}
