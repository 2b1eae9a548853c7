/** The fast parser: js-yaml's flat event stream, composed into the tree. */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { WarningCode } from '../../model/project/warning-policy.ts'
import { blockText, TreeBuilder, type YamlNode, YamlSyntaxError, type YamlWarning } from './yaml-tree.ts'

/** Deeper nesting is refused before it reaches recursive readers. */
export const MAX_DEPTH = 200

interface Frame {
  readonly kind: 'document' | 'sequence' | 'mapping'
  readonly offset: number
  readonly anchor: string
  readonly tag: string
  readonly children: YamlNode[]
}

/** The one document of the text, null when it is empty. Throws js-yaml's exception, or a YamlSyntaxError. */
export function readEvents(text: string): {
  root: YamlNode | null
  warnings: readonly YamlWarning<WarningCode>[]
} {
  const composer = new Composer(text)
  for (const event of parseEvents(text, { maxDepth: MAX_DEPTH })) composer.compose(event)
  return { root: composer.root, warnings: composer.tree.warnings }
}

class Composer {
  root: YamlNode | null = null
  readonly tree = new TreeBuilder()
  readonly #text: string
  readonly #frames: Frame[] = []
  #documents = 0
  /** The offset of the last node, which an omitted value gets. */
  #lastOffset = 0

  constructor(text: string) {
    this.#text = text
  }

  compose(event: Event): void {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        this.#documents++
        this.#frames.push({ kind: 'document', offset: 0, anchor: '', tag: '', children: [] })
        break
      case EVENT_ID.SEQUENCE:
        this.#open('sequence', event)
        break
      case EVENT_ID.MAPPING:
        this.#open('mapping', event)
        break
      case EVENT_ID.SCALAR:
        this.#scalar(event)
        break
      case EVENT_ID.ALIAS: {
        const offset = event.anchorStart - 1
        this.#add(this.tree.alias(offset, this.#slice(event.anchorStart, event.anchorEnd)), offset)
        break
      }
      case EVENT_ID.POP:
        this.#close()
        break
    }
  }

  #open(
    kind: 'sequence' | 'mapping',
    event: { start: number; anchorStart: number; anchorEnd: number; tagStart: number; tagEnd: number },
  ): void {
    const anchor = this.#slice(event.anchorStart, event.anchorEnd)
    if (anchor) this.tree.openAnchor(anchor)
    const tag = this.#slice(event.tagStart, event.tagEnd)
    this.#frames.push({ kind, offset: event.start, anchor, tag, children: [] })
    this.#lastOffset = event.start
  }

  #scalar(event: ScalarEvent): void {
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
    const offset = event.valueStart < 0 ? this.#lastOffset : event.valueStart - (quoted ? 1 : 0)
    const block = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK
    const text = getScalarValue(this.#text, event)
    const value = block ? blockText(text, this.#text, event.valueEnd) : text
    const tag = this.#slice(event.tagStart, event.tagEnd)
    const node = this.tree.scalar(offset, value, event.style === SCALAR_STYLE.PLAIN, tag)
    const anchor = this.#slice(event.anchorStart, event.anchorEnd)
    if (anchor) this.tree.anchor(anchor, node)
    this.#add(node, offset)
  }

  #close(): void {
    const frame = this.#frames.pop()!
    if (frame.kind === 'document') {
      this.#endDocument(frame.children[0] ?? null)
      return
    }
    const node =
      frame.kind === 'sequence'
        ? this.tree.sequence(frame.offset, frame.children, frame.tag)
        : this.tree.mapping(frame.offset, frame.children, frame.tag)
    if (frame.anchor) this.tree.anchor(frame.anchor, node)
    this.#add(node, this.#lastOffset)
  }

  #endDocument(root: YamlNode | null): void {
    if (this.#documents > 1) throw severalDocuments(root?.offset ?? this.#lastOffset)
    this.root = root
  }

  #add(node: YamlNode, offset: number): void {
    this.#frames.at(-1)!.children.push(node)
    this.#lastOffset = offset
  }

  #slice(start: number, end: number): string {
    return start < 0 ? '' : this.#text.slice(start, end)
  }
}

export function severalDocuments(offset: number): YamlSyntaxError {
  return new YamlSyntaxError(
    'several-documents',
    'a file must contain one document; a second one begins here',
    offset,
    'remove the --- line, or move this document to its own file',
  )
}
