/** Globs over names such as log types and resource ids: `*` any text, `?` one character; case counts. */

const compiled = new Map<string, RegExp>()

export function globMatches(glob: string, text: string): boolean {
  if (!/[*?]/.test(glob)) return glob === text
  let pattern = compiled.get(glob)
  if (!pattern) {
    const source = glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replace(/\?/g, '.')
    pattern = new RegExp(`^${source}$`, 's')
    compiled.set(glob, pattern)
  }
  return pattern.test(text)
}

/** True when any glob matches any text. */
export function anyGlobMatches(globs: readonly string[], texts: readonly string[]): boolean {
  return globs.some((glob) => texts.some((text) => globMatches(glob, text)))
}

/** True when every list of globs that asks something is met, and at least one asks. */
export function meetsAll(
  asked: readonly (readonly [globs: readonly string[], texts: readonly string[]])[],
): boolean {
  const asking = asked.filter(([globs]) => globs.length > 0)
  return asking.length > 0 && asking.every(([globs, texts]) => anyGlobMatches(globs, texts))
}
