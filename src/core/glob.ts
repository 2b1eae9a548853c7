/** Globs over names such as log types and resource ids: `*` any text, `?` one character; case counts. */

type Matcher = (text: string) => boolean

const compiled = new WeakMap<readonly string[], readonly Matcher[]>()

/** True when any glob matches any text. Lists are compiled once, so they must not change. */
export function anyGlobMatches(globs: readonly string[], texts: readonly string[]): boolean {
  if (globs.length === 0 || texts.length === 0) return false
  let matchers = compiled.get(globs)
  if (!matchers) {
    matchers = globs.map(matcherOf)
    compiled.set(globs, matchers)
  }
  for (const text of texts) for (const matches of matchers) if (matches(text)) return true
  return false
}

/** True when every list of globs that is not empty matches, and at least one is not empty. */
export function matchesAll(
  asked: readonly (readonly [globs: readonly string[], texts: readonly string[]])[],
): boolean {
  const asking = asked.filter(([globs]) => globs.length > 0)
  return asking.length > 0 && asking.every(([globs, texts]) => anyGlobMatches(globs, texts))
}

/** Most globs have an asterisk only at their ends. A regular expression takes much longer for these. */
function matcherOf(glob: string): Matcher {
  const [, start = '', middle = '', end = ''] = /^(\**)([^*?]*)(\**)$/.exec(glob) ?? []
  if (start + middle + end !== glob || glob === '') return patternOf(glob)
  if (middle === '') return () => true
  if (start !== '') return end === '' ? (text) => text.endsWith(middle) : (text) => text.includes(middle)
  return end === '' ? (text) => text === middle : (text) => text.startsWith(middle)
}

function patternOf(glob: string): Matcher {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
  const pattern = new RegExp(`^${source}$`, 's')
  return (text) => pattern.test(text)
}
