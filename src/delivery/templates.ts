/** Applies `options.template` to a message: its title, its body, or the whole payload. Pure. */

import { parseExact } from '../core/exact-json.ts'
import { readableText } from '../core/readable-text.ts'
import type { DestinationType, Message } from '../destinations/_destination.ts'
import { SEVERITIES } from '../model/alerts/severity.ts'
import { renderText, renderValue, type Template, withMappedFields } from '../model/project/template.ts'

interface TemplateResult {
  readonly message: Message
  /** Names the parts that came from the template, for the history of the delivery. */
  readonly notes: readonly string[]
}

export function applyTemplates(
  message: Message,
  { escapeField }: Pick<DestinationType, 'escapeField'>,
  options: Readonly<Record<string, unknown>>,
): TemplateResult {
  const { template } = options as { readonly template?: Template }
  if (template === undefined) return { message, notes: [] }
  const { reference, destination } = message
  const { severity } = message.notification
  const severityNumber = SEVERITIES.indexOf(severity) + 1
  const fields = {
    ...message.notification,
    ...(parseExact(message.json) as object),
    severityNumber,
    reference,
    destination,
  }
  const view = withMappedFields(fields, template)
  const { map: _, ...parts } = template
  const { title, body, payload } = parts
  return {
    message: {
      ...message,
      ...(title !== undefined && { title: readableText(renderText(title, view)).trim() }),
      ...(body !== undefined && { body: readableText(renderText(body, view, escapeField)) }),
      ...(payload !== undefined && { payload: JSON.stringify(renderValue(payload, view)) }),
    },
    notes: [`${Object.keys(parts).join(' and ')} from the template`],
  }
}
