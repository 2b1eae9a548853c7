// Changes an event in ways that a guard could get wrong. Seeded: the same seed makes the same events.

const LITERALS = [
  ...['null', '""', '0', '1', '1.0', 'true', 'false', '[]', '{}', '-0', '1e3', '2.5', '1152921504606846976'],
  ...[
    '"Ünïcode"',
    '"\\u212a"',
    '"\\ud835"',
    '"\\u00df"',
    '" a b "',
    '"10.0.0.1"',
    '["a","b"]',
    '{"a":1}',
    '[[1]]',
  ],
]

type Json = { [key: string]: unknown }
const raw = (text: string) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text)

/** Fields that the engine fills in where they are absent, null or empty. */
const FILLED = ['p_log_type', 'p_row_id', 'p_parse_time', 'p_source_label', 'p_event_time', 'P_LOG_TYPE']

/**
 * @param entry JSON text of an object.
 * @param words JSON texts of values that detections look for.
 */
export function mutateEvent(entry: string, random: () => number, words: readonly string[] = []): string {
  const record = JSON.parse(entry) as Json
  const literals = words.length > 0 && random() < 0.5 ? words : LITERALS
  const count = 1 + Math.floor(random() * 3)
  for (let left = count; left > 0; left--) mutateOnce(record, random, literals)
  const text = JSON.stringify(record)
  const kind = random()
  // An escaped letter is the same letter.
  if (kind < 0.1) return text.replace(/e(?=[a-z])/, '\\u0065')
  return kind < 0.15 ? withRepeatedKey(text, record, random, literals) : text
}

/** Of two values under one key the last one counts, at the place of the first one. */
function withRepeatedKey(
  text: string,
  record: Json,
  random: () => number,
  literals: readonly string[],
): string {
  const key = pick(Object.keys(record), random)
  if (key === undefined) return text
  const [value, name] = [pick(literals, random)!, JSON.stringify(key)]
  return random() < 0.5 ? `{${name}:${value},${text.slice(1)}` : `${text.slice(0, -1)},${name}:${value}}`
}

function mutateOnce(record: Json, random: () => number, literals: readonly string[]): void {
  const objects = objectsIn(record)
  const object = pick(objects, random)!
  const keys = Object.keys(object)
  const key = pick(keys, random)
  if (key === undefined) {
    object.added = 1
    return
  }
  const value = object[key]
  switch (Math.floor(random() * 11)) {
    case 0:
      delete object[key]
      return
    case 1:
    case 2:
      object[key] = literal(pick(literals, random)!)
      return
    case 3:
      rename(object, key, random() < 0.5 ? key.toUpperCase() : key.toLowerCase())
      return
    case 4:
      if (typeof value === 'string') object[key] = random() < 0.5 ? value.toUpperCase() : ` ${value}x`
      return
    case 5:
      object[key] = [value]
      return
    case 6:
      object[key] = { [key]: value }
      return
    case 7: {
      const other = pick(objects, random)!
      object[key] = copyOf(other[pick(Object.keys(other), random) ?? key] ?? null)
      return
    }
    case 8:
      object[key.toUpperCase()] = literal(pick(literals, random)!)
      return
    case 9:
      putFirst(object, key.toUpperCase(), literal(pick(literals, random)!))
      return
    default:
      record[pick(FILLED, random)!] = literal(pick(random() < 0.5 ? ['null', '""'] : literals, random)!)
  }
}

/** Numbers keep their digits, for instance those of `1.0`. */
function literal(text: string): unknown {
  return /^[-\d]/.test(text) ? raw(text) : JSON.parse(text)
}

/** A value that is put into itself would have no end. */
function copyOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function rename(object: Json, from: string, to: string): void {
  const entries = Object.entries(object)
  for (const key of Object.keys(object)) delete object[key]
  for (const [key, value] of entries) object[key === from ? to : key] = value
}

function putFirst(object: Json, key: string, value: unknown): void {
  const entries = Object.entries(object)
  for (const each of Object.keys(object)) delete object[each]
  for (const [name, each] of [[key, value] as const, ...entries]) object[name] = each
}

function objectsIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return []
  const inner = Object.values(value).flatMap(objectsIn)
  return Array.isArray(value) ? inner : [value as Json, ...inner]
}

function pick<T>(from: readonly T[], random: () => number): T | undefined {
  return from[Math.floor(random() * from.length)]
}
