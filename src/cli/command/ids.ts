/** Ids may be abbreviated as long as they are unique. Pure. */
import { UserError } from '../../errors.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'

const LISTED = { alert: 'alerts', delivery: 'deliveries' } as const

/** The one id that starts with the text; a UserError for none and for several. */
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

/** The beginning of an id, enough to name it again. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID)
}
