/** Reads what a valid spec has instead of Python: `Detection`, the keys of its alert, inline filters. */

import { parseSeverity } from '../../model/alerts/severity.ts'
import type { MatchExpression, SimpleDetection } from '../../model/project/match-expression.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { child, toValue } from '../yaml/yaml.ts'
import type { YamlNode } from '../yaml/yaml-tree.ts'
import { readTemplate } from './key-specifiers.ts'
import { ExpressionReader } from './match-expressions.ts'

interface SpecNode {
  readonly source: SourceText
  readonly node: YamlNode
}

type AlertKeys = Omit<SimpleDetection, 'matcher'>
const NO_ALERT_KEYS: AlertKeys = { title: null, context: null, severities: [], groupBy: [] }

/** null: the spec has no `Detection`. */
export function readSimpleDetection(spec: SpecNode, problems: ProblemList): SimpleDetection | null {
  const detection = child(spec.node, 'Detection')
  if (!detection) return null
  const matcher = new ExpressionReader(spec.source, problems).all(detection)
  return { matcher, ...NO_ALERT_KEYS, ...readAlertKeys(spec, problems) }
}

/** The alert keys that the spec has. */
export function readAlertKeys({ source, node }: SpecNode, problems: ProblemList): Partial<AlertKeys> {
  const reader = new ExpressionReader(source, problems)
  const keys: { -readonly [K in keyof AlertKeys]?: AlertKeys[K] } = {}
  const title = child(node, 'AlertTitle')
  if (title) keys.title = titleOf(title, source, problems)
  const context = child(node, 'AlertContext')
  if (context) keys.context = itemsOf(context).flatMap((item) => contextOf(item, reader))
  const severities = child(node, 'DynamicSeverities')
  if (severities) keys.severities = itemsOf(severities).map((item) => severityOf(item, reader))
  const groupBy = child(node, 'GroupBy')
  if (groupBy) keys.groupBy = itemsOf(groupBy).map((item) => reader.key(item) ?? [])
  return keys
}

/** null: every event passes. */
export function readInlineFilter({ source, node }: SpecNode, problems: ProblemList): MatchExpression | null {
  const filters = child(node, 'InlineFilters')
  if (!filters) return null
  const filter = new ExpressionReader(source, problems, 'filter').all(filters)
  return alwaysHolds(filter) ? null : filter
}

/** True for `[{ All: [] }]`, which Panther's console writes for no filter. */
function alwaysHolds(expression: MatchExpression): boolean {
  return expression.kind === 'group' && expression.of === 'All' && expression.members.every(alwaysHolds)
}

function titleOf(node: YamlNode, source: SourceText, problems: ProblemList): SimpleDetection['title'] {
  const title = readTemplate(String(toValue(node)))
  if (typeof title !== 'string') return title
  problems.error(source, node.offset, { code: 'match-expression', message: title })
  return null
}

function contextOf(item: YamlNode, reader: ExpressionReader): NonNullable<SimpleDetection['context']> {
  const key = reader.key(child(item, 'KeyValue')!)
  return key ? [{ name: String(toValue(child(item, 'KeyName')!)), key }] : []
}

function severityOf(item: YamlNode, reader: ExpressionReader): SimpleDetection['severities'][number] {
  const to = parseSeverity(String(toValue(child(item, 'ChangeTo')!)))!
  return { to, when: reader.all(child(item, 'Conditions')!) }
}

function itemsOf(node: YamlNode): readonly YamlNode[] {
  return node.kind === 'sequence' ? node.items : []
}
