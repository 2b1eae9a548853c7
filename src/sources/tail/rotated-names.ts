/** Decides by its name whether a file is a rotation of a log, and which of two rotations is the older one. Pure. */

export interface RotatedName {
  /** The groups of digits in the name, as numbers. */
  readonly groups: readonly number[]
  /** `number`: rotation renames upwards, so the highest is the oldest. `date`: the lowest is the oldest. */
  readonly order: 'number' | 'date'
  readonly isCompressed: boolean
}

/** `.1`, `.12`: counted by rotation. A number behind another separator (`app-1.log`) is part of a log's own name. */
const NUMBER = /^\.\d{1,5}$/
/** Dates and times of at least six digits in all, epoch seconds included, and a number behind them. */
const DATE = /^[._-]?\d+(?:[-_.:T]\d+)*Z?$/
const MIN_DATE_DIGITS = 6
const MAX_DATE_DIGITS = 24
const COMPRESSED = /\.gz$/

/**
 * null when no rotation gives such a name to the log: it may then be another log, a copy that an editor made, or the
 * position file of another program. What rotation adds stands behind the whole name or before its extension.
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

/** A former target of a link that moves from `day-1.log` to `day-2.log`: the same name with lower numbers. */
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

/** Negative when `a` is the older one, 0 when the names do not say. */
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
