/** Builds the HTML part of an e-mail. Every text of the alert is escaped; there are no images, scripts or styles from elsewhere. */
import type { Message } from '../_destination.ts'
import { contextText, headline, labelledParts, type Part } from './alert-text.ts'
import { COLOURS } from './colours.ts'

export function mailHtml(message: Message): string {
  const { severity } = message.notification
  const title = escapeHtml(message.title || headline(message.notification))
  return [
    '<!doctype html>',
    `<html><head><meta charset="utf-8"><title>${title}</title></head>`,
    '<body style="font-family:sans-serif;font-size:14px">',
    `<h2 style="font-size:18px;border-left:6px solid ${COLOURS[severity]};padding-left:8px">${title}</h2>`,
    ...(message.body === null
      ? ownParts(message)
      : [`<p style="white-space:pre-wrap">${escapeHtml(message.body)}</p>`]),
    '</body></html>',
  ].join('\n')
}

export function updateHtml(text: string): string {
  return `<!doctype html>\n<html><head><meta charset="utf-8"></head><body style="font-family:sans-serif;font-size:14px"><p style="white-space:pre-wrap">${escapeHtml(text)}</p></body></html>`
}

function ownParts(message: Message): string[] {
  const context = contextText(message)
  return [
    '<table cellpadding="4" style="border-collapse:collapse">',
    ...labelledParts(message).map(row),
    '</table>',
    ...(context ? [`<pre style="background:#f4f5f7;padding:8px">${escapeHtml(context)}</pre>`] : []),
  ]
}

function row({ label, text }: Part): string {
  const isLink = (label === 'Link' || label === 'Reference') && /^https?:\/\/\S+$/.test(text)
  const shown = escapeHtml(text)
  const cell = isLink ? `<a href="${shown}">${shown}</a>` : shown
  return `<tr><th align="left" valign="top">${label}</th><td style="white-space:pre-wrap">${cell}</td></tr>`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
