/** Builds the labelled parts of every long text. Types add only their markup. */

import { parseExact } from '../../core/exact-json.ts'
import { readableText } from '../../core/readable-text.ts'
import type { Notification } from '../../model/alerts/alert.ts'
import { alertGroup } from '../../model/alerts/alert-kind.ts'
import type { Message } from '../_destination.ts'

export interface Part {
  readonly label: string
  readonly text: string
}

/**
 * Returns the parts of an alert that are not empty, in order: severity, description, runbook, reference, tags, detection,
 * alert and link. The texts have no markup and are not escaped.
 * @example labelledParts(message).map(({ label, text }) => `*${label}*: ${escaped(text)}`).join('\n')
 */
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

/**
 * Returns the indented JSON of the alert context with all digits of its numbers, readable; empty when there is none.
 * @example contextText(message) // '{\n  "sourceIp": "198.51.100.7"\n}'
 */
export function contextText({ json }: Message): string {
  const { alertContext } = parseExact(json) as { alertContext: object }
  if (Object.keys(alertContext).length === 0) return ''
  return readableText(JSON.stringify(alertContext, null, 2))
}

/**
 * Describes the alert in one sentence.
 * @example headline(message.notification) // 'AWS root console login triggered'
 */
export function headline({ name, id, type }: Notification): string {
  const detection = name || id
  if (alertGroup(type) === 'DETECTION_ERROR') return `${detection} encountered an error`
  return type === 'POLICY' ? `${detection} failed on new resources` : `${detection} triggered`
}

/**
 * Returns the long text without markup: the body of a template, or the headline, all parts and the context.
 * @example truncation.text('text', plainText(message), 4_096)
 */
export function plainText(message: Message): string {
  if (message.body !== null) return message.body
  const context = contextText(message)
  const lines = labelledParts(message).map(({ label, text }) => `${label}: ${text}`)
  return [headline(message.notification), ...lines, ...(context ? [`Context:\n${context}`] : [])].join('\n')
}
