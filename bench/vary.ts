/** Makes many distinct events of one: ids, addresses and names differ, equal texts stay equal within an event. Pure. */

const HEX = '0123456789abcdef'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const VARIED: Readonly<Record<string, { pattern: string; vary: (text: string, random: Random) => string }>> =
  {
    uuid: {
      pattern: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
      vary: (_, random) => uuid(random),
    },
    ipv4: {
      pattern: '\\b(?:\\d{1,3}\\.){3}\\d{1,3}\\b',
      vary: (_, random) => Array.from({ length: 4 }, () => 1 + Math.floor(random() * 223)).join('.'),
    },
    awsKey: {
      pattern: '\\bA[A-Z]IA[A-Z0-9]{16}\\b',
      vary: (text, random) => text.slice(0, 4) + letters(UPPER, 16, random),
    },
    account: {
      pattern: '\\b[1-9]\\d{11}\\b',
      vary: (_, random) => String(Math.floor(1e11 + random() * 9e11)),
    },
    mailbox: {
      pattern: '[\\w.+-]+(?=@[\\w-]+\\.)',
      vary: (text, random) => `${text}${letters(HEX, 6, random)}`,
    },
    name: {
      pattern: '(?<="(?:userName|displayName|user|actor|login|sessionName)"\\s*:\\s*")[^"\\\\@]+(?=")',
      vary: (text, random) => `${text} ${letters(HEX, 6, random)}`,
    },
  }
type Random = () => number

const ANY = new RegExp(
  Object.entries(VARIED)
    .map(([name, { pattern }]) => `(?<${name}>${pattern})`)
    .join('|'),
  'g',
)

/** @param idField gets a new id, whatever it was, so that no two events are alike. */
export function variant(entry: string, idField: string, random: Random): string {
  const replaced = new Map<string, string>()
  const text = entry.replace(ANY, (found: string, ...rest: unknown[]) => {
    const known = replaced.get(found)
    if (known !== undefined) return known
    const groups = rest.at(-1) as Record<string, string | undefined>
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined)!
    const fresh = VARIED[kind]!.vary(found, random)
    replaced.set(found, fresh)
    return fresh
  })
  return JSON.stringify({ ...JSON.parse(text), [idField]: uuid(random) })
}

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((length) => letters(HEX, length, random)).join('-')
}

function letters(alphabet: string, length: number, random: Random): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]!).join('')
}
