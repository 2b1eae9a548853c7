// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** Checks a destination against its type: options and alert types. A reference is valid for any form; its value is checked when it is used. */
import type { DestinationType } from '../../destinations/_destination.ts'
import type { AlertKind } from '../../model/alerts/alert-kind.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { checkSchema, type ReportPolicy, type Schema } from '../yaml/schema-check.ts'
import { child, toValue } from '../yaml/yaml.ts'
import type { MappingNode, YamlNode } from '../yaml/yaml-tree.ts'
import { type DestinationTypes, findType, type TypeReport } from './destination-types.ts'
import { findReferences, holdsReference } from './secret-references.ts'
import { checkTemplates } from './template-check.ts'

interface DestinationNode {
  readonly source: SourceText
  /** The destination's entry. */
  readonly node: MappingNode
}

export async function checkOptions(
  declared: { readonly type: string; readonly enabled?: boolean },
  { source, node }: DestinationNode,
  types: DestinationTypes,
  problems: ProblemList,
): Promise<UnsupportedKinds> {
  const { type } = declared
  const options = child(node, 'options')
  if (options) checkReferences(options, source, problems)
  const { offset } = child(node, 'type')!
  const report: TypeReport = {
    error: (problem) => problems.error(source, offset, problem),
    warning: (problem) => problems.warning(source, offset, problem),
  }
  const adapter = await findType(declared, types, report)
  if (!adapter) return {}
  const { options: schema, refuses = {} } = adapter
  const value = options ? toValue(options) : {}
  const fits = checkSchema(
    schema as Schema,
    { source, node: options ?? node, value, pointer: '/options' },
    problems,
    formPolicy,
  )
  const ending = fits ? adapter.endOfSupport?.(value as never) : undefined
  if (ending) problems.warning(source, offset, { code: 'end-of-support', ...ending })
  if (options && fits) {
    warnLiteralSecrets(schema as Schema, options, '', source, problems)
    checkTemplates(child(options, 'template'), source, problems)
  }
  for (const [event, { offset }] of textsOf(child(node, 'updates'))) {
    const refusal = unsupportedUpdate(adapter, event, fits ? (value as object) : {})
    if (refusal) problems.error(source, offset, { code: 'unsupported-update', ...refusal })
  }
  const digest = adapter.pages ? child(node, 'digest') : undefined
  if (digest) {
    problems.error(source, digest.offset, {
      code: 'unsupported-digest',
      message: `${type} does not support digests: it calls a person, who acknowledges one alert`,
      hint: 'use the key group, or gather the alerts at a destination of another type',
    })
  }
  const group = adapter.pages ? undefined : child(node, 'group')
  if (group) {
    problems.error(source, group.offset, {
      code: 'unsupported-digest',
      message: `${type} does not support groups: it calls no person`,
      hint: 'use the key digest',
    })
  }
  for (const [kind, { offset }] of textsOf(child(node, 'alertTypes'))) {
    unsupportedKind({ type, kind, refuses }, source, offset, problems)
  }
  return refuses
}

/** Says why a destination of this type cannot get updates about an event; undefined: it can. */
function unsupportedUpdate(
  type: DestinationType,
  event: string,
  options: object,
): { readonly message: string; readonly hint: string } | undefined {
  const support = type.updates
  if (!support) {
    return { message: `${type.type} does not support updates`, hint: 'remove the key updates' }
  }
  const reason = support.unavailable?.(options as never)
  if (reason !== undefined) {
    return {
      message: `${type.type} does not support updates with these options: ${reason}`,
      hint: 'change the options, or remove the key updates',
    }
  }
  if (support.events.some((supported) => supported === event)) return undefined
  return {
    message: `${type.type} does not support updates about "${event}"`,
    hint: `it supports ${support.events.join(', ')}`,
  }
}

/** The alert types that a destination type cannot send, with the reason. */
type UnsupportedKinds = NonNullable<DestinationType['refuses']>

export function unsupportedKind(
  { type, kind, refuses }: { type: string; kind: string; refuses: UnsupportedKinds },
  source: SourceText,
  offset: number,
  problems: ProblemList,
): void {
  const reason = refuses[kind as AlertKind]
  if (reason === undefined) return
  problems.error(source, offset, {
    code: 'unsupported-kind',
    message: `${type} does not support ${kind}: ${reason}`,
    hint: 'send these alerts to a destination of another type',
  })
}

function textsOf(node: YamlNode | undefined): [string, YamlNode][] {
  if (node?.kind !== 'sequence') return []
  return node.items.flatMap((item) =>
    item.kind === 'scalar' ? [[item.text, item] as [string, YamlNode]] : [],
  )
}

const FORM_KEYWORDS = new Set(['pattern', 'format', 'enum', 'const', 'minLength', 'maxLength'])

/** Ignores errors of form for values with a reference. */
export const formPolicy: ReportPolicy = (error) =>
  FORM_KEYWORDS.has(error.keyword) && holdsReference(error.data) ? 'ignore' : 'report-secretly'

function checkReferences(node: YamlNode, source: SourceText, problems: ProblemList): void {
  if (node.kind === 'sequence') for (const item of node.items) checkReferences(item, source, problems)
  if (node.kind === 'mapping') {
    for (const entry of node.entries.values()) checkReferences(entry.value, source, problems)
  }
  if (node.kind !== 'scalar') return
  for (const text of findReferences(node.text).malformed) {
    problems.error(source, node.offset, {
      code: 'bad-reference',
      message: `invalid reference ${text}`,
      hint: 'write ${env:NAME} or ${file:PATH}, and $${ for a literal ${',
      secret: true,
    })
  }
}

function warnLiteralSecrets(
  schema: Schema,
  node: YamlNode,
  path: string,
  source: SourceText,
  problems: ProblemList,
): void {
  const inner = (next: unknown, value: YamlNode, step: string) =>
    warnLiteralSecrets((next ?? {}) as Schema, value, path ? `${path}.${step}` : step, source, problems)
  if (node.kind === 'sequence')
    for (const [i, item] of node.items.entries()) inner(schema.items, item, String(i))
  if (node.kind === 'mapping') {
    const properties = (schema.properties ?? {}) as Readonly<Record<string, unknown>>
    const rest = { secret: schema.secret, ...(schema.additionalProperties as object) }
    for (const { key, value } of node.entries.values()) {
      inner(Object.hasOwn(properties, key) ? properties[key] : rest, value, key)
    }
  }
  if (node.kind !== 'scalar' || schema.secret !== true || holdsReference(node.text)) return
  problems.warning(source, node.offset, {
    code: 'literal-secret',
    message: `options.${path} contains a literal secret`,
    hint: 'replace it by ${env:NAME} or ${file:PATH}',
    secret: true,
  })
}
