/**
 * A YAML document as a tree that keeps what JavaScript values lose: offsets, lexemes, the order of keys.
 * Both parsers build it through `TreeBuilder`, so that their results cannot differ.
 */
import type { ProblemCode } from '../../model/problem-code.ts'
import type { WarningCode } from '../../model/project/warning-policy.ts'
import { isNotANumber, plainJson } from './yaml-scalar.ts'

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly offset: number
  readonly text: string
  /** Plain scalars may be numbers, booleans or null; quoted and block scalars are text. */
  readonly plain: boolean
  readonly size: number
}

interface SequenceNode {
  readonly kind: 'sequence'
  readonly offset: number
  readonly items: readonly YamlNode[]
  readonly size: number
}

interface MappingEntry {
  readonly key: string
  readonly keyOffset: number
  readonly value: YamlNode
}

export interface MappingNode {
  readonly kind: 'mapping'
  readonly offset: number
  /** The entries in source order, integer-like keys included. */
  readonly entries: ReadonlyMap<string, MappingEntry>
  readonly size: number
}

export type YamlNode = ScalarNode | SequenceNode | MappingNode

/** A problem of the text at an offset. */
export interface YamlWarning<C extends ProblemCode = ProblemCode> {
  readonly code: C
  readonly message: string
  readonly offset: number
  readonly hint: string | null
}

/** The document cannot be read; never leaves `parseYaml`. */
export class YamlSyntaxError extends Error {
  readonly problem: YamlWarning
  constructor(code: ProblemCode, message: string, offset: number, hint: string | null = null) {
    super(message)
    this.problem = { code, message, offset, hint }
  }
}

/** Characters that a document may grow to when its aliases are written out. */
const MAX_EXPANDED_SIZE = 32 * 1024 * 1024
/** Scalars, sequences and mappings that are written in one document; each costs memory and time at every reader. */
const MAX_NODE_COUNT = 250_000
const MAX_WARNING_COUNT = 100
const CORE_TAG = 'tag:yaml.org,2002:'

export class TreeBuilder {
  readonly warnings: YamlWarning<WarningCode>[] = []
  /** null: begun and not yet complete. */
  readonly #anchors = new Map<string, YamlNode | null>()
  #nodeCount = 0

  scalar(offset: number, text: string, plain: boolean, tag: string): ScalarNode {
    this.#count(offset)
    const node = tag === '' ? { text, plain } : resolveTag(offset, text, plain, coreTag(tag))
    if (node.plain && isNotANumber(node.text)) {
      this.#warn({
        code: 'not-a-number',
        message: `${node.text} has no JSON form and is read as null`,
        offset,
        hint: 'quote it to get text',
      })
    }
    return { kind: 'scalar', offset, text: node.text, plain: node.plain, size: node.text.length + 1 }
  }

  sequence(offset: number, items: readonly YamlNode[], tag: string): SequenceNode {
    this.#count(offset)
    expectTag(offset, tag, 'seq')
    return { kind: 'sequence', offset, items, size: checkedSize(offset, sizeOf(items)) }
  }

  /**
   * `children`: key, value, key, value. Duplicate keys: the last value wins at the position of the first key, as in Python.
   * Merged keys come first and give way to the mapping's own.
   */
  mapping(offset: number, children: readonly YamlNode[], tag: string): MappingNode {
    this.#count(offset)
    expectTag(offset, tag, 'map')
    const entries = new Map<string, MappingEntry>()
    let merged: Set<string> | undefined
    for (let i = 0; i < children.length; i += 2) {
      if (!isMergeKey(children[i]!)) continue
      mergeInto(entries, children[i + 1]!)
      merged = new Set(entries.keys())
    }
    for (let i = 0; i < children.length; i += 2) {
      const key = children[i]!
      if (merged && isMergeKey(key)) continue
      const name = keyText(key)
      if (entries.has(name) && !merged?.delete(name)) this.#warnDuplicateKey(name, key.offset)
      entries.set(name, { key: name, keyOffset: key.offset, value: children[i + 1]! })
    }
    let size = 1
    for (const entry of entries.values()) size += entry.key.length + entry.value.size
    return { kind: 'mapping', offset, entries, size: checkedSize(offset, size) }
  }

  openAnchor(name: string): void {
    this.#anchors.set(name, null)
  }

  anchor(name: string, node: YamlNode): void {
    this.#anchors.set(name, node)
  }

  alias(offset: number, name: string): YamlNode {
    const node = this.#anchors.get(name)
    if (node) return node
    throw node === null
      ? new YamlSyntaxError('recursive-alias', `the alias *${name} contains itself`, offset)
      : new YamlSyntaxError('unknown-alias', `the alias *${name} has no anchor before it`, offset)
  }

  #warn(warning: YamlWarning<WarningCode>): void {
    if (this.warnings.length < MAX_WARNING_COUNT) this.warnings.push(warning)
  }

  #count(offset: number): void {
    this.#nodeCount++
    if (this.#nodeCount <= MAX_NODE_COUNT) return
    throw new YamlSyntaxError(
      'too-many-nodes',
      `the document has more than ${MAX_NODE_COUNT} keys and values`,
      offset,
      'split the file',
    )
  }

  #warnDuplicateKey(name: string, offset: number): void {
    this.#warn({
      code: 'duplicate-key',
      message: `duplicate key "${name}": the last value is used`,
      offset,
      hint: 'remove one of the two',
    })
  }
}

/** Removes the last line break of a block scalar that the end of the file cuts off, as PyYAML does. */
export function blockText(value: string, source: string, end: number): string {
  const cutOff = end >= source.length && !/[\r\n]$/.test(source)
  return cutOff && value.endsWith('\n') ? value.slice(0, -1) : value
}

function coreTag(tag: string): string {
  if (tag.startsWith('!!')) return tag.slice(2)
  const full = tag.startsWith('!<') ? tag.slice(2, -1) : tag
  return full.startsWith(CORE_TAG) ? full.slice(CORE_TAG.length) : full
}

const WORD_TAGS: Readonly<Record<string, RegExp>> = {
  int: /^-?[0-9]+$/,
  bool: /^(?:true|false)$/,
  null: /^null$/,
}

function resolveTag(
  offset: number,
  text: string,
  plain: boolean,
  tag: string,
): { text: string; plain: boolean } {
  if (tag === 'str' || tag === '!') return { text, plain: false }
  const json = plainJson(text)
  if (tag === 'float' && json !== undefined && /^-?[0-9]/.test(json)) {
    return { text: /^-?[0-9]+$/.test(json) ? `${json}.0` : text, plain: true }
  }
  const words = Object.hasOwn(WORD_TAGS, tag) ? WORD_TAGS[tag] : undefined
  if (words && json !== undefined && words.test(json)) return { text, plain: true }
  throw unsupportedTag(offset, tag, plain)
}

function expectTag(offset: number, tag: string, core: string): void {
  if (tag !== '' && tag !== '!' && coreTag(tag) !== core) throw unsupportedTag(offset, coreTag(tag), false)
}

function unsupportedTag(offset: number, tag: string, plain: boolean): YamlSyntaxError {
  const hint = plain ? 'write the value without a tag, or in quotes' : 'write the value without a tag'
  return new YamlSyntaxError('unsupported-tag', `the tag "${tag}" is not valid for this value`, offset, hint)
}

function isMergeKey(key: YamlNode): boolean {
  return key.kind === 'scalar' && key.plain && key.text === '<<'
}

/** Merges `<<`. Earlier mappings of a list win over later ones; the mapping's own keys win over all. */
function mergeInto(entries: Map<string, MappingEntry>, value: YamlNode): void {
  const sources = value.kind === 'sequence' ? value.items.toReversed() : [value]
  for (const source of sources) {
    if (source.kind !== 'mapping') {
      throw new YamlSyntaxError('bad-merge', '<< requires a mapping or a list of mappings', value.offset)
    }
    for (const entry of source.entries.values()) entries.set(entry.key, entry)
  }
}

function keyText(key: YamlNode): string {
  if (key.kind === 'scalar') return key.plain ? (plainJson(key.text) ?? key.text) : key.text
  throw new YamlSyntaxError('complex-key', 'a key must be a scalar, not a list or a mapping', key.offset)
}

function sizeOf(items: readonly YamlNode[]): number {
  return items.reduce((total, item) => total + item.size, 1)
}

function checkedSize(offset: number, size: number): number {
  if (size <= MAX_EXPANDED_SIZE) return size
  throw new YamlSyntaxError(
    'alias-expansion',
    'the aliases of this document expand to more than 32 MiB',
    offset,
  )
}
