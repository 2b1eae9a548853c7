/** Decides by names whether a file is a rotated file of a log, and which of two is older. Pure. */

export interface RotatedName {
  /** The groups of digits in the name, as numbers. */
  readonly groups: readonly number[]
  /** With `number` the highest number is the oldest file, with `date` the lowest date. */
  readonly order: 'number' | 'date'
  readonly isCompressed: boolean
}

/** Rotation adds numbers such as `.1` and `.12`. A number after another separator (`app-1.log`) belongs to the log's name. */
const NUMBER = /^\.\d{1,5}$/
/** A date has at least six digits with an optional time or number; epoch seconds match, too. */
const DATE = /^[._-]?\d+(?:[-_.:T]\d+)*Z?$/
const MIN_DATE_DIGITS = 6
const MAX_DATE_DIGITS = 24
const COMPRESSED = /\.gz$/

/**
 * Returns null for any other name, which may be another log, a copy by an editor, or the position file of another
 * program. Rotation adds text after the whole name or before its extension.
 */
export function rotatedName(log: string, name: string): RotatedName | null {
  const plain = name.replace(COMPRESSED, '')
  const isCompressed = plain !== name
  const dot = log.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [log.slice(0, dot), log.slice(dot)] : [log, '']
  const added = addedTo(plain, log, '') ?? addedTo(plain, stem, extension)
  if (added === null) return null
  const digits = added.match(/\d+/g) ?? []
  const count = digits.join('').length
  const isDate = DATE.test(added) && count >= MIN_DATE_DIGITS && count <= MAX_DATE_DIGITS
  if (!isDate && !NUMBER.test(added)) return null
  return { groups: digits.map(Number), order: isDate ? 'date' : 'number', isCompressed }
}

/** Recognizes a former target of a link that changes from `day-1.log` to `day-2.log`: the same name with lower numbers. */
export function formerTarget(target: string, name: string): RotatedName | null {
  const plain = name.replace(COMPRESSED, '')
  const shape = (text: string) => text.replace(/\d+/g, '0')
  const dated = (text: string) => ({
    groups: (text.match(/\d+/g) ?? []).map(Number),
    order: 'date' as const,
    isCompressed: plain !== name,
  })
  const isFormer = shape(plain) === shape(target) && compareAge(dated(plain), dated(target)) < 0
  return isFormer ? dated(plain) : null
}

/** Returns a negative number when `a` is older, and 0 when the names do not decide. */
export function compareAge(a: RotatedName, b: RotatedName): number {
  if (a.order !== b.order) return 0
  const sign = a.order === 'number' ? -1 : 1
  for (let i = 0; i < Math.max(a.groups.length, b.groups.length); i++) {
    const difference = (a.groups[i] ?? -1) - (b.groups[i] ?? -1)
    if (difference !== 0) return sign * difference
  }
  return 0
}

function addedTo(name: string, before: string, behind: string): string | null {
  const isLonger = name.length > before.length + behind.length
  if (!isLonger || !name.startsWith(before) || !name.endsWith(behind)) return null
  return name.slice(before.length, name.length - behind.length)
}
