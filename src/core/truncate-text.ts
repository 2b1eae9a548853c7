/** Shortens long texts for messages. */

/** Returns at most `maxChars` characters of a text, and dots after them if the text is longer. */
export function truncateText(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}...` : text
}
