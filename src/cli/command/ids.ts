/** Ids may be abbreviated as long as they are unique. Pure. */
import { UserError } from '../../errors.ts'

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
    throw new UserError(`there is no ${noun} "${text}"`, {
      hint: `\`signalbox ${LISTED[noun]} list\` shows the newest`,
    })
  throw new UserError(`"${text}" is the beginning of ${found.length} ids`, {
    hint: `for example ${found.slice(0, 3).map(shortId).join(', ')}`,
  })
}

const SHORT_ID = 12

/** The beginning of an id, enough to name it again. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID)
}
