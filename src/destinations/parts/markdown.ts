/** An alert as Markdown that no alert can break out of: GitHub, GitLab, Mattermost, Discord. */
import type { Message } from '../_destination.ts'
import { contextText, labelledParts } from './alert-text.ts'
import type { Truncation } from './truncate.ts'

/** Invisible, and enough that `@name` and `#1` are no mention and no reference. */
const APART = '\u200b'
const BARE_LINK = /^https?:\/\/\S+$/

export function escapeMarkdown(text: string): string {
  // A bare URL becomes a link by itself, and must stay whole.
  if (BARE_LINK.test(text)) return text.replace(/[\\`*<>[\]|~]/g, encodeURIComponent)
  return text.replace(/[\\`*_{}[\]<>#|~!]/g, '\\$&').replace(/@(?=\w)|#(?=\d)/g, `$&${APART}`)
}

/** A code block whose fence is longer than any inside. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

/** The labelled parts and the context, at most `limit` characters; the context gives way to the rest. */
export function formatMarkdown(message: Message, truncation: Truncation, limit: number): string {
  const lines = labelledParts(message).map(({ label, text }) => `**${label}:** ${escapeMarkdown(text)}`)
  const text = truncation.text('text', message.body ?? lines.join('\n\n'), limit)
  const context = message.body === null ? contextText(message) : ''
  if (!context) return text
  const heading = '\n\n**Context:**\n\n'
  const availableChars =
    limit - text.length - heading.length - fenced(context, 'json').length + context.length
  if (availableChars < 100) {
    truncation.note('left out the context')
    return text
  }
  return text + heading + fenced(truncation.text('context', context, availableChars), 'json')
}
