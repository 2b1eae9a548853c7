/** The lenient parser: the `yaml` package, for texts that js-yaml refuses (loosely indented JSON, for example). */
import { createRequire } from 'node:module'
import type { Node, Pair, Scalar } from 'yaml'
import type { WarningCode } from '../../model/project/warning-policy.ts'
import { MAX_DEPTH, severalDocuments } from './yaml-events.ts'
import { syntaxHint } from './yaml-hints.ts'
import { blockText, TreeBuilder, type YamlNode, YamlSyntaxError, type YamlWarning } from './yaml-tree.ts'

/** Loads the package on demand, because few texts need it. */
function loadYamlPackage(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml') as typeof import('yaml')
}

/** Has the same result as `readEvents` for every text that both accept. */
export function readDocument(text: string): {
  root: YamlNode | null
  warnings: readonly YamlWarning<WarningCode>[]
} {
  const documents = loadYamlPackage().parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
  })
  for (const document of documents) {
    const error = document.errors[0]
    if (error)
      throw new YamlSyntaxError(
        'yaml-syntax',
        sentence(error.message),
        error.pos[0],
        syntaxHint(error.message),
      )
  }
  const [document, second] = documents
  if (second) throw severalDocuments(second.contents?.range?.[0] ?? second.range[0])
  const reader = new DocumentReader(text)
  const root = document?.contents ? reader.read(document.contents, 0) : null
  return { root, warnings: reader.tree.warnings }
}

class DocumentReader {
  readonly #yaml = loadYamlPackage()
  readonly tree = new TreeBuilder()
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  read(node: Node, depth: number): YamlNode {
    const offset = node.range?.[0] ?? 0
    if (this.#yaml.isAlias(node)) return this.tree.alias(offset, node.source)
    if (depth > MAX_DEPTH) throw tooDeep(offset)
    const anchor =
      this.#yaml.isScalar(node) || this.#yaml.isMap(node) || this.#yaml.isSeq(node) ? node.anchor : undefined
    if (anchor) this.tree.openAnchor(anchor)
    const built = this.#build(node, offset, depth)
    if (anchor) this.tree.anchor(anchor, built)
    return built
  }

  #build(node: Node, offset: number, depth: number): YamlNode {
    const tag = node.tag ?? ''
    if (this.#yaml.isSeq(node)) {
      const items = node.items.map((item) => this.#child(item, offset, depth))
      return this.tree.sequence(offset, items, tag)
    }
    if (this.#yaml.isMap(node)) {
      const children = node.items.flatMap((pair) => this.#pair(pair, offset, depth))
      return this.tree.mapping(offset, children, tag)
    }
    return this.#yaml.isScalar(node) ? this.#scalar(node, offset, tag) : this.#leftOut(offset)
  }

  #scalar(node: Scalar, offset: number, tag: string): YamlNode {
    const value = typeof node.value === 'string' ? node.value : ''
    const block = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
    const text = block ? blockText(value, this.#text, node.range?.[1] ?? 0) : value
    return this.tree.scalar(offset, text, node.type === 'PLAIN', tag)
  }

  #child(item: unknown, parentOffset: number, depth: number): YamlNode {
    return item ? this.read(item as Node, depth + 1) : this.#leftOut(parentOffset)
  }

  /** An omitted value gets the offset of its key. */
  #pair(pair: Pair, offset: number, depth: number): [YamlNode, YamlNode] {
    const key = this.#child(pair.key, offset, depth)
    const value = pair.value as Node | null
    if (!this.#yaml.isScalar(value) || value.type !== 'PLAIN' || value.value !== '') {
      return [key, this.#child(value, key.offset, depth)]
    }
    const built = this.#leftOut(key.offset, value.tag)
    if (value.anchor) this.tree.anchor(value.anchor, built)
    return [key, built]
  }

  #leftOut(offset: number, tag = ''): YamlNode {
    return this.tree.scalar(offset, '', true, tag)
  }
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}

export function tooDeep(offset: number): YamlSyntaxError {
  return new YamlSyntaxError('too-deep', `the document is nested deeper than ${MAX_DEPTH} levels`, offset)
}
