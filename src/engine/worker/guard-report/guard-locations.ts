/** WORKER THREAD. Finds the nodes of a guard in the texts of bodies. */
import type { GuardPart } from '../../../model/events/guard-report.ts'
import type { GuardProgram } from '../guard/guard-program.ts'

export interface GuardLocations {
  /** Returns null for nodes that stand nowhere. */
  of(node: number): GuardPart | null
}

/** See `_encoded_locations` of guard_nodes.py. */
const NUMBERS_OF_NODE = 5

const MAX_TEXT_CHARS = 200

/** @param textOf the text of a file, or null. */
export function guardLocations(
  program: GuardProgram,
  textOf: (path: string) => string | null,
): GuardLocations {
  const spans = new Map<number, readonly [path: string, span: readonly number[]]>()
  for (const [path, encoded] of program.locations) {
    const numbers = encoded.split(' ').map(Number)
    for (let at = 0; at < numbers.length; at += NUMBERS_OF_NODE) {
      const [node, ...span] = numbers.slice(at, at + NUMBERS_OF_NODE)
      spans.set(node!, [path, span])
    }
  }
  return {
    of(node) {
      const found = spans.get(node)
      if (!found) return null
      const [path, span] = found
      const [line, column] = span
      return {
        location: { file: path, line: line!, column: column! },
        text: textAt(textOf(path) ?? '', span),
      }
    },
  }
}

/** The text on one line. Columns count characters, as Python does. */
function textAt(source: string, [line, column, endLine, endColumn]: readonly number[]): string {
  const lines = source.split(/\r\n|\r|\n/).slice(line! - 1, endLine)
  const characters = lines.map((each) => Array.from(each))
  const last = characters.length - 1
  const parts = characters.map((each, at) =>
    each
      .slice(at === 0 ? column! - 1 : 0, at === last ? endColumn! - 1 : undefined)
      .join('')
      .trim(),
  )
  const text = parts.filter((part) => !part.startsWith('#')).join(' ')
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS - 1)}…` : text
}
