/** Checks the templates of destinations: every name must be a field of an alert. */
import { nearest } from '../../core/did-you-mean.ts'
import { TEMPLATE_FIELDS, templateErrors } from '../../model/project/template.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import type { YamlNode } from '../yaml/yaml-tree.ts'

export function checkTemplates(node: YamlNode | undefined, source: SourceText, problems: ProblemList): void {
  if (node?.kind === 'sequence') for (const item of node.items) checkTemplates(item, source, problems)
  if (node?.kind === 'mapping') {
    for (const { value } of node.entries.values()) checkTemplates(value, source, problems)
  }
  if (node?.kind !== 'scalar') return
  for (const { message, name, offset } of templateErrors(node.text)) {
    const near = name === undefined ? undefined : nearest(name, TEMPLATE_FIELDS)
    problems.error(source, offsetOf(node, offset, source), {
      code: 'bad-template',
      message,
      hint: near ? `did you mean "${near}"?` : `fields: ${TEMPLATE_FIELDS.join(', ')}`,
    })
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
