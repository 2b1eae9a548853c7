/** YAML text -> tree, and tree -> JavaScript value or JSON text. Never throws for what the text holds. */
import { YAMLException } from 'js-yaml'
import type { WarningCode } from '../../model/project/warning-policy.ts'
import { readDocument, tooDeep } from './yaml-document.ts'
import { readEvents } from './yaml-events.ts'
import { plainJson } from './yaml-scalar.ts'
import { type MappingNode, type YamlNode, YamlSyntaxError, type YamlWarning } from './yaml-tree.ts'

/** The lenient parser takes several times the time and the memory of the fast one. */
const MAX_LENIENT_CHARS = 1024 * 1024

interface YamlResult {
  /** null: the document is empty, or it has an error. */
  readonly root: YamlNode | null
  readonly warnings: readonly YamlWarning<WarningCode>[]
  readonly error: YamlWarning | null
}

export function parseYaml(text: string): YamlResult {
  try {
    return { ...read(text), error: null }
  } catch (error) {
    if (error instanceof YamlSyntaxError) return { root: null, warnings: [], error: error.problem }
    if (error instanceof RangeError) return { root: null, warnings: [], error: tooDeep(0).problem }
    throw error
  }
}

function read(text: string) {
  try {
    return readEvents(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    if (error.reason.startsWith('nesting exceeded')) throw tooDeep(error.mark?.position ?? 0)
    if (text.length > MAX_LENIENT_CHARS) {
      throw new YamlSyntaxError('yaml-syntax', error.reason, error.mark?.position ?? 0)
    }
    return readDocument(text)
  }
}

/** The value of a mapping's key, undefined where it is absent or the node is no mapping. */
export function child(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'mapping' ? node.entries.get(key)?.value : undefined
}

/** Metadata as a JavaScript value. Numbers become doubles: never for events. */
export function toValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') {
    const json = node.plain ? plainJson(node.text) : undefined
    return json === undefined ? node.text : JSON.parse(json)
  }
  return node.kind === 'sequence' ? node.items.map(toValue) : toRecord(node)
}

/** `replace` decides the value of a key of this mapping itself; undefined leaves it to `toValue`. */
export function toRecord(
  node: MappingNode,
  replace: (key: string, value: YamlNode) => unknown = () => undefined,
): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const { key, value } of node.entries.values()) {
    const content = replace(key, value) ?? toValue(value)
    if (key !== '__proto__') record[key] = content
    else Object.defineProperty(record, key, { value: content, enumerable: true, configurable: true })
  }
  return record
}

/** JSON text with number lexemes and the order of keys kept. */
export function toJson(node: YamlNode): string {
  if (node.kind === 'scalar') {
    return (node.plain ? plainJson(node.text) : undefined) ?? JSON.stringify(node.text)
  }
  if (node.kind === 'sequence') return `[${node.items.map(toJson).join(',')}]`
  const entries: string[] = []
  for (const { key, value } of node.entries.values()) {
    entries.push(`${JSON.stringify(key)}:${toJson(value)}`)
  }
  return `{${entries.join(',')}}`
}
