/** Where two values differ: the places, each with what was expected and what is there. Pure. */

interface Difference {
  /** `user.roles[1]`; empty: the whole value. */
  readonly path: string
  readonly expected: unknown
  readonly actual: unknown
  /** The value lacks what was expected. */
  readonly missing: boolean
}

/** Of a mapping only what was expected of it, recursively; everything else as a whole. */
export function differences(expected: unknown, actual: unknown, path = ''): Difference[] {
  if (isMapping(expected) && isMapping(actual)) {
    return Object.entries(expected).flatMap(([key, value]) => {
      const at = path === '' ? key : `${path}.${key}`
      if (Object.hasOwn(actual, key)) return differences(value, actual[key], at)
      return [{ path: at, expected: value, actual: undefined, missing: true }]
    })
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item, i) => differences(item, actual[i], `${path}[${i}]`))
  }
  return Object.is(expected, actual) ? [] : [{ path, expected, actual, missing: false }]
}

/** Column of the first character in which two texts differ, and of neither's end when one begins the other. */
export function firstDifference(a: string, b: string): number {
  let at = 0
  while (at < a.length && at < b.length && a[at] === b[at]) at++
  return at
}

/** What a list lacks and what it has too much, order aside. */
export function membership(
  expected: readonly unknown[],
  actual: readonly unknown[],
): { lacking: unknown[]; unexpected: unknown[] } {
  return {
    lacking: expected.filter((item) => !actual.includes(item)),
    unexpected: actual.filter((item) => !expected.includes(item)),
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
