/** Globs over names such as log types and resource ids: `*` any text, `?` one character; case counts. */

const compiled = new WeakMap<readonly string[], RegExp>()

/** True when any glob matches any text. Lists are compiled once, so they must not change. */
export function anyGlobMatches(globs: readonly string[], texts: readonly string[]): boolean {
  if (globs.length === 0 || texts.length === 0) return false
  let pattern = compiled.get(globs)
  if (!pattern) {
    pattern = new RegExp(`^(?:${globs.map(sourceOf).join('|')})$`, 's')
    compiled.set(globs, pattern)
  }
  return texts.some((text) => pattern.test(text))
}

/** True when every list of globs that is not empty matches, and at least one is not empty. */
export function matchesAll(
  asked: readonly (readonly [globs: readonly string[], texts: readonly string[]])[],
): boolean {
  const asking = asked.filter(([globs]) => globs.length > 0)
  return asking.length > 0 && asking.every(([globs, texts]) => anyGlobMatches(globs, texts))
}

function sourceOf(glob: string): string {
  return glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
}
