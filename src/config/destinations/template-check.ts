/** Checks the templates of destinations: every name must be a field of an alert. */
import { nearest } from '../../core/did-you-mean.ts'
import { SEVERITIES, type Severity } from '../../model/alerts/severity.ts'
import { type FieldMap, isAlertField, TEMPLATE_FIELDS, templateErrors } from '../../model/project/template.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { child, toValue } from '../yaml/yaml.ts'
import type { YamlNode } from '../yaml/yaml-tree.ts'

export function checkTemplates(node: YamlNode | undefined, source: SourceText, problems: ProblemList): void {
  if (node?.kind !== 'mapping') return
  const map = child(node, 'map')
  const mapped = map?.kind === 'mapping' ? [...map.entries.keys()] : []
  for (const { key, value } of node.entries.values()) {
    if (key === 'map') checkMap(value, source, problems)
    else checkTexts(value, mapped, source, problems)
  }
}

function checkTexts(
  node: YamlNode,
  mapped: readonly string[],
  source: SourceText,
  problems: ProblemList,
): void {
  if (node.kind === 'sequence') for (const item of node.items) checkTexts(item, mapped, source, problems)
  if (node.kind === 'mapping') {
    for (const { value } of node.entries.values()) checkTexts(value, mapped, source, problems)
  }
  if (node.kind !== 'scalar') return
  const fields = [...TEMPLATE_FIELDS, ...mapped]
  for (const { message, name, offset } of templateErrors(node.text, mapped)) {
    const near = name === undefined ? undefined : nearest(name, fields)
    problems.error(source, offsetOf(node, offset, source), {
      code: 'bad-template',
      message,
      hint: near ? `did you mean "${near}"?` : `fields: ${fields.join(', ')}`,
    })
  }
}

/** A severity without a value would send none, which the provider may refuse for that severity alone. */
function checkMap(map: YamlNode, source: SourceText, problems: ProblemList): void {
  if (map.kind !== 'mapping') return
  for (const { key, value, keyOffset } of map.entries.values()) {
    const { from = '', values, otherwise } = toValue(value) as Partial<FieldMap>
    const report = (message: string, hint: string, offset = keyOffset) =>
      problems.error(source, offset, { code: 'bad-template', message, hint })
    if (!isAlertField(from)) {
      const near = nearest(from, TEMPLATE_FIELDS)
      const hint = near ? `did you mean "${near}"?` : `fields: ${TEMPLATE_FIELDS.join(', ')}`
      report(`unknown alert field "${from}"`, hint, child(value, 'from')?.offset)
    }
    if (from === 'severity') checkSeverities(child(value, 'values'), source, problems)
    if (TEMPLATE_FIELDS.includes(key)) report(`the map "${key}" has the name of an alert field`, 'rename it')
    const missing = SEVERITIES.filter((severity) => !Object.hasOwn(values ?? {}, severity))
    if (from === 'severity' && otherwise === undefined && missing.length > 0)
      report(`the map "${key}" has no value for ${missing.join(', ')}`, 'add them, or `otherwise`')
  }
}

function checkSeverities(values: YamlNode | undefined, source: SourceText, problems: ProblemList): void {
  if (values?.kind !== 'mapping') return
  for (const { key, keyOffset } of values.entries.values()) {
    if (!SEVERITIES.includes(key as Severity)) {
      const near = nearest(key, SEVERITIES)
      const hint = near ? `did you mean "${near}"?` : `severities: ${SEVERITIES.join(', ')}`
      problems.error(source, keyOffset, { code: 'bad-template', message: `unknown severity "${key}"`, hint })
    }
  }
}

/** YAML escapes and indents shift offsets, so the tag is searched as it is written, from the text's beginning. */
function offsetOf(
  { offset: start, text }: { offset: number; text: string },
  offset: number,
  source: SourceText,
): number {
  const tag = /^\{\{[^}\n]*/.exec(text.slice(offset))?.[0]
  if (!tag) return start
  const earlier = text.slice(0, offset).split(tag).length - 1
  let at = start - 1
  for (let n = 0; n <= earlier; n++) at = source.text.indexOf(tag, at + 1)
  return at === -1 ? start : at
}
