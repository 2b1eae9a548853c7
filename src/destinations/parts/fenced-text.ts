/** Formats an alert as a code block, for chats whose Markdown has no escapes: nothing in it is markup or a mention. */
import type { Message } from '../_destination.ts'
import { contextText, headline, labelledParts } from './alert-text.ts'
import type { Truncation } from './truncate.ts'

const ZERO_WIDTH_SPACE = '\u200b'

/** Keeps a field of a template from mentions, links and emphasis. A chat without escapes needs other characters for that. */
export function withoutMarkup(text: string): string {
  return text
    .replaceAll('*', '∗')
    .replaceAll('`', 'ˋ')
    .replace(/[@#~|$<>[\]_:]/g, `$&${ZERO_WIDTH_SPACE}`)
}

/**
 * Returns a code block with the title and all parts, and the link below it, in at most `limit` characters. The text of
 * a template is Markdown of its author, so it stands below the block of the title.
 */
export function fencedText(message: Message, truncation: Truncation, limit: number): string {
  const { link } = message.notification
  const title = message.title || headline(message.notification)
  const below = message.body ?? link
  if (message.body !== null) {
    const block = fenced(truncation.text('title', inFence(title), 500))
    return `${block}\n${truncation.text('text', below, limit - block.length - 1)}`
  }
  const context = contextText(message)
  const lines = labelledParts(message).map(({ label, text }) => `${label}: ${text}`)
  const plain = [title, ...lines, ...(context ? [`Context:\n${context}`] : [])].join('\n')
  const rest = below ? `\n${below}` : ''
  const available = limit - fenced('').length - rest.length
  return fenced(truncation.text('text', inFence(plain), available)) + rest
}

/** A backtick that something follows never ends the block. */
function inFence(text: string): string {
  return text.replaceAll('`', `\`${ZERO_WIDTH_SPACE}`)
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``
}
