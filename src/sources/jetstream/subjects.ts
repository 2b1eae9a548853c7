/** The subjects of a stream that are its partitions. Pure. */
import { UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'

/** Without a subject the whole stream is one partition. */
export const ALL_SUBJECTS = '>'

const SUBJECT = /^[^\s.*>]+$|^\*$|^>$/
const RANGE = /\{(\d{1,4})-(\d{1,4})\}/
const MAX_PARTITIONS = 1_000

/** Parses `ev.0.>,ev.1.>` or `ev.{0-7}.>`. */
export function partitionSubjects(spec: SourceSpec): readonly string[] {
  const { subject } = spec.options
  if (subject === undefined) return [ALL_SUBJECTS]
  const subjects = subject.split(',').flatMap((text) => expand(spec, text))
  if (subjects.length > MAX_PARTITIONS)
    refuse(spec, `more than ${MAX_PARTITIONS} subjects`, 'name fewer of them')
  const bad = subjects.find((each) => !isSubject(each))
  if (bad !== undefined)
    refuse(spec, `invalid subject "${bad}"`, 'use for example audit.>, or audit.{0-7}.> for eight partitions')
  for (const [i, each] of subjects.entries()) {
    const other = subjects.slice(0, i).find((before) => overlap(before.split('.'), each.split('.')))
    if (other !== undefined)
      refuse(
        spec,
        `the subjects "${other}" and "${each}" overlap`,
        'remove one of them, because its events would count twice',
      )
  }
  return subjects
}

function refuse({ name }: SourceSpec, message: string, hint: string): never {
  throw new UserError(`${name}: ${message}`, { code: 'invalid-source-option', hint })
}

function expand(spec: SourceSpec, text: string): readonly string[] {
  const [range, from, to] = RANGE.exec(text) ?? []
  if (range === undefined) return [text]
  const count = Number(to) - Number(from) + 1
  if (count < 1) refuse(spec, `the range ${range} is empty`, 'put the lower number first')
  return Array.from({ length: count }, (_, i) => text.replace(range, String(Number(from) + i)))
}

function isSubject(text: string): boolean {
  const tokens = text.split('.')
  return tokens.every((token, i) => SUBJECT.test(token) && (token !== '>' || i === tokens.length - 1))
}

/** True if a subject can match both. */
function overlap([first, ...rest]: readonly string[], [other, ...others]: readonly string[]): boolean {
  if (first === undefined || other === undefined) return first === other
  if (first === '>' || other === '>') return true
  return (first === other || first === '*' || other === '*') && overlap(rest, others)
}
