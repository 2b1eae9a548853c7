/** Finds where two values differ, with the expected and the actual value at each path. Pure. */

interface Difference {
  /** A path such as `user.roles[1]`. It is empty for the whole value. */
  readonly path: string
  readonly expected: unknown
  readonly actual: unknown
  /** The actual value has no such field. */
  readonly missing: boolean
}

/** Compares only the expected fields of a mapping, recursively. All other values are compared as a whole. */
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

/** @returns the column of the first different character, or the length of the shorter text if the longer one starts with it. */
export function firstDifference(a: string, b: string): number {
  let at = 0
  while (at < a.length && at < b.length && a[at] === b[at]) at++
  return at
}

/** Finds the missing and the unexpected elements of a list, whatever their order. */
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
