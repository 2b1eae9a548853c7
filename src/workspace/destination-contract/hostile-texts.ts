/** Texts with characters that receivers refuse, and the search for them in what a destination sends. */

export const HOSTILE_TEXT = 'a\0b\u0007c\u001b[31md\u007fe\u009bf\ud800g\ufffeh\u202ei'
const NOT_READABLE = /(?![\t\n])\p{Cc}|\p{Noncharacter_Code_Point}|[\u202a-\u202e\u2066-\u2069]/u

export interface HostileTexts {
  /** The paths of texts that no receiver can decode. */
  readonly malformed: readonly string[]
  /** The paths of texts with characters that are not for people to read. */
  readonly unreadable: readonly string[]
}

/** Looks through a value, and through the JSON in its texts where `exact` says that there is some. */
export function hostileTexts(value: unknown, exact: readonly string[]): HostileTexts {
  const malformed: string[] = []
  const unreadable: string[] = []
  const look = (part: unknown, path: string): void => {
    if (typeof part === 'string') {
      const holdsJson = path === '' || exact.some((start) => start.startsWith(path) || path.startsWith(start))
      const inner = holdsJson ? parsed(part) : undefined
      if (typeof inner === 'object' && inner !== null) {
        look(inner, path)
        return
      }
      if (!part.isWellFormed()) malformed.push(path)
      if (NOT_READABLE.test(part)) unreadable.push(path)
    } else if (typeof part === 'object' && part !== null) {
      for (const [key, item] of Object.entries(part)) {
        const below = path ? `${path}.${key}` : key
        if (!key.isWellFormed()) malformed.push(below)
        if (NOT_READABLE.test(key)) unreadable.push(below)
        look(item, below)
      }
    }
  }
  look(value, '')
  return { malformed, unreadable }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The parts of a body: JSON, a form, or a text. */
export function bodyParts(body: string): unknown {
  const isForm = /^[\w.]+=[^&]*(?:&[\w.]+=[^&]*)*$/.test(body)
  return isForm ? Object.fromEntries(new URLSearchParams(body)) : body
}
