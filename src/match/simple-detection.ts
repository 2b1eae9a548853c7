/** Detections without Python: an event -> the results that the functions of a body would have. Pure. */

import { parseExact, textOf } from '../core/exact-json.ts'
import type { FunctionName, FunctionResults } from '../model/alerts/finding.ts'
import type { Key, SimpleDetection, Template } from '../model/project/match-expression.ts'
import { compile, type Predicate } from './compile-expression.ts'
import { valueAt } from './key-lookup.ts'

export interface CompiledDetection {
  readonly matches: Predicate
  /**
   * What the alert is like: what `title`, `severity` and the others would say.
   * @param raw the event's text: its numbers go on as they are.
   */
  alert(raw: string, fields: Readonly<Record<string, string>>): Omit<FunctionResults, 'detection'>
}

const MAX_TEXT_CHARS = 1_000
const MAX_CONTEXT_CHARS = 204_800
const CUT = '... (truncated)'

export function compileDetection(detection: SimpleDetection): CompiledDetection {
  const { matcher, title, context, groupBy } = detection
  const severities = detection.severities.map(({ to, when }) => ({ to, when: compile(when) }))
  return {
    matches: compile(matcher),
    alert(raw, fields) {
      const record = withFields(parseExact(raw), fields)
      const severity = severities.find(({ when }) => when(record))
      return results({
        title: title && truncate(fill(title, record)),
        severity: severity?.to,
        dedup: groupBy.length > 0 ? truncate(groupText(groupBy, record)) : undefined,
        alert_context: context && contextJson(context, record),
      })
    },
  }
}

/** The fields that intake found missing in the record. */
export function withFields(record: unknown, fields: Readonly<Record<string, string>>): unknown {
  return typeof record === 'object' && !Array.isArray(record) ? { ...record, ...fields } : record
}

function results(outputs: Partial<Record<FunctionName, string | null | undefined>>): FunctionResults {
  const said = Object.entries(outputs).filter(([, output]) => output !== undefined && output !== null)
  return Object.fromEntries(said.map(([name, output]) => [name, { output }]))
}

function fill({ texts, keys }: Template, record: unknown): string {
  return texts.map((text, at) => (keys[at] ? text + textOf(valueAt(record, keys[at])) : text)).join('')
}

/** One value as it is; several as a JSON list, so that no two groups share a text. */
function groupText(keys: readonly Key[], record: unknown): string {
  const values = keys.map((key) => valueAt(record, key) ?? null)
  return values.length === 1 ? textOf(values[0]) : JSON.stringify(values)
}

function contextJson(context: NonNullable<SimpleDetection['context']>, record: unknown): string {
  const entries = context.map(
    ({ name, key }) => `${JSON.stringify(name)}:${JSON.stringify(valueAt(record, key) ?? null)}`,
  )
  const json = `{${entries.join(',')}}`
  if (json.length <= MAX_CONTEXT_CHARS) return json
  const size = `alert_context size is [${json.length}] characters`
  return JSON.stringify({ _error: `${size}, bigger than maximum of [${MAX_CONTEXT_CHARS}] characters` })
}

/** Counts characters as Python does, so that no pair is torn. */
function truncate(text: string): string {
  if (text.length <= MAX_TEXT_CHARS) return text
  const characters = Array.from(text)
  if (characters.length <= MAX_TEXT_CHARS) return text
  return characters.slice(0, MAX_TEXT_CHARS - CUT.length).join('') + CUT
}
