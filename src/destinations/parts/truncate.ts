/** Truncates texts to the limits of a provider, between visible characters, and notes it. */

const ELLIPSIS = '…'
const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * Truncates the texts of one request, never within a visible character or an escape, and notes what was cut for the
 * history of the delivery. Create one for each request.
 * @example
 * const truncation = new Truncation()
 * const title = truncation.text('title', message.title, 250)
 * return postJson(url, { title }, { notes: truncation.notes })
 */
export class Truncation {
  readonly #notes = new Set<string>()

  get notes(): readonly string[] {
    return [...this.#notes]
  }

  note(text: string): void {
    this.#notes.add(text)
  }

  /** Truncates to `limit` UTF-16 units; no provider counts more. */
  text(what: string, text: string, limit: number): string {
    if (text.length <= limit) return text
    this.note(`${what} cut from ${text.length} to ${limit} characters`)
    return head(text, limit - ELLIPSIS.length) + ELLIPSIS
  }

  /** Truncates to `limit` bytes of UTF-8. */
  bytes(what: string, text: string, limit: number): string {
    const size = Buffer.byteLength(text)
    if (size <= limit) return text
    this.note(`${what} cut from ${size} to ${limit} bytes`)
    return headOfBytes(text, limit - Buffer.byteLength(ELLIPSIS)) + ELLIPSIS
  }

  /** Returns each of these texts once, and at most `max` of them. */
  distinct(what: string, texts: readonly string[], max: number): string[] {
    const distinct = [...new Set(texts)]
    const more = distinct.length - max
    if (more > 0) this.note(`left out ${more} of ${distinct.length} ${what}`)
    return distinct.slice(0, max)
  }

  /**
   * Returns the first of these texts within `limit` bytes; `without` names what each leaves out. When none fits, it
   * returns the last one, which the provider then rejects.
   */
  fullest(
    limit: number,
    fullest: () => string,
    ...leaner: readonly { without: string; build: () => string }[]
  ): string {
    let text = fullest()
    for (const { without, build } of leaner) {
      const size = Buffer.byteLength(text)
      if (size <= limit) return text
      this.note(`left out ${without}: ${size} bytes are more than ${limit}`)
      text = build()
    }
    return text
  }
}

/** Returns the longest beginning of at most `limit` UTF-16 units that ends between two characters. */
function head(text: string, limit: number): string {
  if (text.length <= limit) return text
  if (limit <= 0) return ''
  // No character is so long that more context would change its edges.
  const around = text.slice(Math.max(0, limit - 128), limit + 128)
  const at = Math.min(128, limit)
  const edge = segments.segment(around).containing(at)?.index ?? at
  return text.slice(0, edgeOfEscape(text, limit - (at - edge)))
}

/** The longest escape is an entity such as `&#1114111;`. */
const MAX_ESCAPE_CHARS = 12
const ESCAPES = /&(?:[a-zA-Z]{2,8}|#\d{1,7}|#x[\da-fA-F]{1,6});|\\[!-/:-@[-`{-~]|%[\dA-Fa-f]{2}/g

/** Returns the beginning of the escape that an edge would divide, else the edge. Half an escape is shown as it is. */
function edgeOfEscape(text: string, edge: number): number {
  const start = Math.max(0, edge - MAX_ESCAPE_CHARS)
  for (const { index, 0: escapeText } of text.slice(start, edge + MAX_ESCAPE_CHARS).matchAll(ESCAPES)) {
    const at = start + index
    if (at < edge && edge < at + escapeText.length) return at
  }
  return edge
}

function headOfBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text).subarray(0, Math.max(0, limit))
  // The stream option drops an incomplete character at the end.
  const whole = new TextDecoder().decode(bytes, { stream: true })
  return head(text, whole.length)
}
