/** Reads values of a JSON text by their paths, such as `result.ok` or `messageIds.0`, also if the text is cut off. Pure. */

/** Parses the text; undefined: it is not a complete JSON object or array. */
export function parseJsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Returns the value at the path; undefined: there is none. */
function valueAt(json: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    return (value as Readonly<Record<string, unknown>>)[key]
  }, json)
}

/**
 * Returns the text, number or truth value at the path. Of a JSON object that is cut off it returns the first value with
 * the last name of the path: quotes inside of a JSON string are escaped, so that no text in it can pass for one.
 */
export function scalarAt(text: string, path: string): string | number | boolean | undefined {
  const json = parseJsonObject(text)
  const value = json === undefined ? scalarInPart(text, path) : valueAt(json, path)
  return ['string', 'number', 'boolean'].includes(typeof value)
    ? (value as string | number | boolean)
    : undefined
}

function scalarInPart(text: string, path: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined
  const name = path.split('.').findLast((part) => !/^\d+$/.test(part)) ?? path
  const pattern = `"${name.replace(/\W/g, '\\$&')}"\\s*:\\s*\\[?\\s*("(?:[^"\\\\]|\\\\.)*"|[\\w.+-]+(?=[\\s,}\\]]))`
  const [, value] = new RegExp(pattern).exec(text) ?? []
  try {
    return value === undefined ? undefined : JSON.parse(value)
  } catch {
    return undefined
  }
}

/** Returns the text or number at the path as text; empty: there is none. */
export function textAt(text: string, path: string): string {
  const value = scalarAt(text, path)
  return typeof value === 'boolean' ? '' : String(value ?? '')
}
