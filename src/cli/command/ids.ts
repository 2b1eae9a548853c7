/** Resolves abbreviated ids, which must be unique. Pure. */
import { UserError } from '../../errors.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'

const LISTED = { alert: 'alerts', delivery: 'deliveries' } as const

/** @returns the only id that starts with the text. No match and several matches are a UserError. */
export function resolveId(text: string, ids: Iterable<string>, noun: keyof typeof LISTED): string {
  const wanted = text.toLowerCase()
  const found: string[] = []
  for (const id of ids) {
    if (id === wanted) return id
    if (id.startsWith(wanted)) found.push(id)
  }
  if (found.length === 1) return found[0]!
  if (found.length === 0)
    throw new UserError(`${noun} "${text}" not found`, {
      code: 'unknown-id',
      hint: `list the newest with \`signalbox ${LISTED[noun]} list\``,
    })
  throw new UserError(`ambiguous id "${text}": matches ${counted(found.length, noun, LISTED[noun])}`, {
    code: 'ambiguous-id',
    hint: `use more characters, for example ${found.slice(0, 3).map(shortId).join(', ')}`,
  })
}

const SHORT_ID = 12

/** @returns the first characters of an id, which suffice as an argument of a command. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID)
}
