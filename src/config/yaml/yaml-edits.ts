/**
 * Changes a YAML text in place: what an edit does not touch stays byte for byte, comments and style included.
 * The text is spliced at the offsets of its nodes and never printed again.
 */
import {
  Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { UserError } from '../../errors.ts'

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }
export type PlainValue = Plain
type Path = readonly (string | number)[]

interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Sets the value at a path, mappings on the way included; `order` says after which keys a new one belongs. */
export function setValue(text: string, path: Path, value: PlainValue, order: readonly string[] = []): string {
  const file = read(text)
  const { map, key, rest } = deepestMap(file, path)
  const nested = rest.reduceRight<PlainValue>((inner, step) => ({ [step]: inner }), value)
  const pair = pairOf(map, key)
  return applySplices(file, [
    pair ? replacement(file, map, pair, nested) : insertion(file, map, key, nested, order),
  ])
}

/** Removes a key and its value; a text without it stays as it is. */
export function removeKey(text: string, path: Path): string {
  const file = read(text)
  const { map, key, rest } = deepestMap(file, path)
  const at = map.items.findIndex((pair) => keyOf(pair) === key)
  if (at < 0 || rest.length > 0) return text
  return applySplices(file, [removal(file, map, at)])
}

/** Appends an item to the list at a path. */
export function appendItem(text: string, path: Path, item: PlainValue): string {
  const file = read(text)
  const list = file.document.getIn(path, true)
  if (!isSeq(list) || list.items.length === 0) return setValue(text, path, [item])
  const last = list.items.at(-1) as Node
  if (list.flow) return applySplices(file, [insertAt(endOf(file, last), `, ${flowText(item)}`)])
  const indent = ' '.repeat(columnOf(file, dashOf(file, last)))
  const gap = hasBlankLinesBetween(file, list) ? file.eol : ''
  const lines = blockText(item, `${indent}  `, file.eol).slice(indent.length + 2)
  return applySplices(file, [
    insertAt(lineEnd(file, endOf(file, last)), `${file.eol}${gap}${indent}- ${lines}`),
  ])
}

/** Removes an item, with the lines that are its own. */
export function removeItem(text: string, path: Path, index: number): string {
  const file = read(text)
  const list = file.document.getIn(path, true)
  if (!isSeq(list)) throw uneditableError()
  if (list.items.length === 1) return setValue(text, path, [])
  const item = list.items[index] as Node
  if (list.flow) {
    const next = list.items[index + 1] as Node | undefined
    if (next) return applySplices(file, [removeRange(startOf(item), startOf(next))])
    return applySplices(file, [removeRange(endOf(file, list.items[index - 1] as Node), endOf(file, item))])
  }
  const start = lineStart(file, dashOf(file, item))
  const end = nextLine(file, endOf(file, item))
  // Two blank lines would meet: one of them is removed.
  const gap = /^(?:[ \t]*\r?\n)+/.exec(text.slice(end))?.[0].length ?? 0
  return applySplices(file, [removeRange(start, index < list.items.length - 1 ? end + gap : end)])
}

/** Replaces a text wherever it is an item of a list that stands, directly or below, under one of these keys. */
export function replaceItems(
  text: string,
  keys: readonly string[],
  from: string,
  to: string,
): { text: string; count: number } {
  const file = read(text)
  const splices: Splice[] = []
  visit(file.document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !keys.includes(String(key.value)) || !isSeq(value)) return
      for (const item of value.items) {
        if (isScalar(item) && item.value === from) splices.push(itemReplacement(item, to, value.flow))
      }
    },
  })
  return { text: applySplices(file, splices), count: splices.length }
}

/** True for a path with a list that is not empty. */
export function hasItems(text: string, path: Path): boolean {
  const list = read(text).document.getIn(path, true)
  return isSeq(list) && list.items.length > 0
}

interface YamlFile {
  readonly text: string
  readonly document: ReturnType<typeof parseDocument>
  readonly eol: string
}

function read(text: string): YamlFile {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false })
  if (document.errors.length > 0) throw uneditableError()
  return { text, document, eol: text.includes('\r\n') ? '\r\n' : '\n' }
}

function uneditableError(): UserError {
  return new UserError('this YAML file cannot be edited automatically', {
    code: 'uneditable-file',
    hint: 'edit it by hand, then run: signalbox validate',
  })
}

function applySplices({ text }: YamlFile, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((a, b) => b.start - a.start)
  return ordered.reduce((rest, { start, end, text: by }) => rest.slice(0, start) + by + rest.slice(end), text)
}

const insertAt = (offset: number, text: string): Splice => ({ start: offset, end: offset, text })
const removeRange = (start: number, end: number): Splice => ({ start, end, text: '' })

/** The innermost mapping that exists on a path, its key there, and the steps that are still missing. */
function deepestMap({ document }: YamlFile, path: Path): { map: YAMLMap; key: string; rest: string[] } {
  let node: unknown = document.contents
  for (const [i, step] of path.entries()) {
    const key = String(step)
    if (isSeq(node)) {
      node = node.items[Number(step)]
      continue
    }
    if (!isMap(node)) throw uneditableError()
    const value = pairOf(node, key)?.value
    const goesOn = i < path.length - 1 && (isMap(value) || isSeq(value))
    if (!goesOn) return { map: node, key, rest: path.slice(i + 1).map(String) }
    node = value
  }
  throw uneditableError()
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyOf(pair) === key)
}

function keyOf({ key }: Pair): string | null {
  return isScalar(key) ? String(key.value) : null
}

function replacement(file: YamlFile, map: YAMLMap, pair: Pair, value: PlainValue): Splice {
  const node = pair.value as Node | null
  const colon = file.text.indexOf(':', endOf(file, pair.key as Node))
  const inline = map.flow || !isNested(value)
  const text = inline
    ? ` ${inlineText(value, map.flow)}`
    : `${file.eol}${blockText(value, ' '.repeat(columnOf(file, startOf(map)) + 2), file.eol)}`
  const isLeftOut = !node?.range || node.range[0] === node.range[1]
  if (isLeftOut) return insertAt(colon + 1, text)
  // A scalar keeps what stands before it: its spaces, an anchor.
  if (isScalar(node) && inline) return { start: startOf(node), end: endOf(file, node), text: text.slice(1) }
  return { start: colon + 1, end: endOf(file, node), text }
}

function insertion(
  file: YamlFile,
  map: YAMLMap,
  key: string,
  value: PlainValue,
  order: readonly string[],
): Splice {
  const before = order.slice(0, order.indexOf(key))
  const anchor =
    map.items.findLast((pair) => before.includes(keyOf(pair) ?? '')) ?? (map.items.at(-1) as Pair | undefined)
  if (!anchor) return { start: startOf(map), end: endOf(file, map), text: flowText({ [key]: value }) }
  const end = endOf(file, (anchor.value as Node | null) ?? (anchor.key as Node))
  if (map.flow) return insertAt(end, `, ${flowText({ [key]: value }).slice(2, -2)}`)
  const indent = ' '.repeat(columnOf(file, startOf(map)))
  return insertAt(lineEnd(file, end), `${file.eol}${blockText({ [key]: value }, indent, file.eol)}`)
}

function removal(file: YamlFile, map: YAMLMap, index: number): Splice {
  if (map.items.length === 1) return { start: startOf(map), end: endOf(file, map), text: '{}' }
  const pair = map.items[index]!
  const start = startOf(pair.key as Node)
  const end = endOf(file, (pair.value as Node | null) ?? (pair.key as Node))
  const next = map.items[index + 1]
  const sharesLine = map.flow || file.text.slice(lineStart(file, start), start).trim() !== ''
  if (!sharesLine) return removeRange(lineStart(file, start), nextLine(file, end))
  if (next) return removeRange(start, startOf(next.key as Node))
  const previous = map.items[index - 1]!
  return removeRange(endOf(file, (previous.value as Node | null) ?? (previous.key as Node)), end)
}

/** Quoted as before where it was quoted, plain where it was plain and may be. */
function itemReplacement(node: Scalar, value: string, inFlow: boolean | undefined): Splice {
  const quotes = node.type === 'QUOTE_SINGLE' ? "'" : node.type === 'QUOTE_DOUBLE' ? '"' : ''
  const [start, end] = node.range!
  const keepsQuotes = quotes !== '' && !/['"\\\n]/.test(value)
  return { start, end, text: keepsQuotes ? `${quotes}${value}${quotes}` : inlineText(value, inFlow) }
}

function startOf(node: Node): number {
  return node.range![0]
}

/** Behind the last character that is the node's own. */
function endOf({ text }: YamlFile, node: Node): number {
  let end = node.range![1]
  if (isMap(node) || isSeq(node)) {
    const last = node.flow ? undefined : (node.items.at(-1) as Pair | Node | undefined)
    const inner = last && 'key' in last ? ((last.value ?? last.key) as Node) : (last as Node | undefined)
    if (inner?.range) end = endOf({ text } as YamlFile, inner)
  }
  while (/\s/.test(text[end - 1] ?? '')) end--
  return end
}

function lineStart({ text }: YamlFile, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** Before the line break, a comment on the line included. */
function lineEnd({ text }: YamlFile, offset: number): number {
  const end = text.indexOf('\n', offset)
  if (end < 0) return text.length
  return text[end - 1] === '\r' ? end - 1 : end
}

function nextLine({ text }: YamlFile, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end < 0 ? text.length : end + 1
}

function columnOf(file: YamlFile, offset: number): number {
  return offset - lineStart(file, offset)
}

function dashOf({ text }: YamlFile, item: Node): number {
  return text.lastIndexOf('-', startOf(item) - 1)
}

/** Blank lines stand between the items. */
function hasBlankLinesBetween(file: YamlFile, list: YAMLSeq): boolean {
  const [first, second] = list.items as Node[]
  if (!first || !second) return false
  return /\n[ \t]*\r?\n/.test(file.text.slice(endOf(file, first), startOf(second)))
}

function isNested(value: PlainValue): boolean {
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null)
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** The value on one line. More texts need quotes within braces and brackets than on a line of their own. */
function inlineText(value: PlainValue, inFlow: boolean | undefined): string {
  return inFlow ? flowText({ v: value }).slice('{ v: '.length, -' }'.length) : flowText(value)
}

/** `[HIGH, LOW]` and `{ a: b }`. */
function flowText(value: PlainValue): string {
  const isList = Array.isArray(value) && !isNested(value)
  return yamlText(value, () => true, !isList)
}

/** Mappings as blocks, lists of plain values in brackets; every line indented. */
function blockText(value: PlainValue, indent: string, eol: string): string {
  const inBrackets = (node: YAMLMap | YAMLSeq) => node.items.every((item) => isSeq(node) && isScalar(item))
  const lines = yamlText(value, inBrackets, false).split('\n')
  return lines.map((line) => indent + line).join(eol)
}

/** Prints a value without spreading a text over several lines. */
function yamlText(value: PlainValue, inFlow: (node: YAMLMap | YAMLSeq) => boolean, padded: boolean): string {
  const document = new Document(value)
  visit(document, {
    Collection(_, node) {
      node.flow = inFlow(node)
    },
    Scalar(_, node) {
      if (typeof node.value === 'string' && node.value.includes('\n')) node.type = 'QUOTE_DOUBLE'
    },
  })
  const options = { lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER }
  return document.toString({ ...options, flowCollectionPadding: padded }).trimEnd()
}
