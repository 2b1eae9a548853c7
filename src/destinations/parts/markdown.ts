/** Formats an alert as Markdown for GitHub, GitLab, Mattermost and Discord, with all fields escaped. */
import type { Message } from '../_destination.ts'
import { contextText, labelledParts } from './alert-text.ts'
import type { Truncation } from './truncate.ts'

/** A zero-width space, which keeps `@name` and `#1` from becoming a mention or a reference. */
const ZERO_WIDTH_SPACE = '\u200b'
const BARE_LINK = /^https?:\/\/\S+$/

/**
 * Escapes a text for Markdown, so that it cannot format, link or mention. A text that is one URL stays a link.
 * @example escapeMarkdown('*@everyone*') // '\\*@\u200beveryone\\*'
 */
export function escapeMarkdown(text: string): string {
  // A bare URL becomes a link automatically and must stay complete.
  if (BARE_LINK.test(text)) return text.replace(/[\\`*<>[\]|~]/g, encodeURIComponent)
  return text
    .replace(/[\\`*_{}[\]<>#|~!]/g, '\\$&')
    .replace(/@(?=\w)|#(?=\d)/g, `$&${ZERO_WIDTH_SPACE}`)
    .replace(/^[ \t]+/gm, noBreakSpaces)
    .replace(/^(\u00a0*)([-+=])/gm, '$1\\$2')
    .replace(/^(\u00a0*\d{1,9})([.)])/gm, '$1\\$2')
}

/** Spaces at the beginning of a line can make it a block of code, or part of a list. */
function noBreakSpaces(indentation: string): string {
  return indentation.replaceAll('\t', '    ').replaceAll(' ', '\u00a0')
}

/** Builds a code block with a fence that is longer than any in the text. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

/**
 * Formats the parts and the context as Markdown in at most `limit` UTF-16 units; the context is shortened first.
 * @example
 * const truncation = new Truncation()
 * const text = formatMarkdown(message, truncation, 65_536)
 * return postJson(url, { title: message.title, text }, { notes: truncation.notes })
 */
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
