/** WORKER THREAD. Methods of text, exact for the ASCII characters on which both languages agree. */
import { elementsOf, wellFormed } from './guard-operations.ts'
import {
  isAscii,
  ListValue,
  NOT_ASCII,
  requireAscii,
  TupleValue,
  TYPE_ERROR,
  UNSUPPORTED,
  VALUE_ERROR,
} from './guard-values.ts'

type TextMethod = (text: string, arguments_: readonly unknown[]) => unknown

/** What Python takes for white space among the ASCII characters. */
const SPACE_SIGNS = ' \t\n\r\f\v\u001c\u001d\u001e\u001f'
const SPACE = new RegExp(`[${SPACE_SIGNS}]+`)

const onAscii =
  (method: TextMethod): TextMethod =>
  (text, arguments_) => {
    for (const each of arguments_) if (typeof each === 'string') requireAscii(each)
    return method(requireAscii(text), arguments_)
  }

export const TEXT_METHODS: Readonly<Record<string, TextMethod>> = {
  lower: onAscii((text) => text.toLowerCase()),
  upper: onAscii((text) => text.toUpperCase()),
  casefold: onAscii((text) => text.toLowerCase()),
  title: onAscii(titleOf),
  capitalize: onAscii((text) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase()),
  strip: onAscii((text, [signs]) => strip(text, signs, true, true)),
  lstrip: onAscii((text, [signs]) => strip(text, signs, true, false)),
  rstrip: onAscii((text, [signs]) => strip(text, signs, false, true)),
  split: onAscii((text, [separator, most]) => split(text, separator, most)),
  rsplit: onAscii((text, [separator, most]) => splitFromEnd(text, separator, most)),
  replace: onAscii((text, [from, to]) => text.replaceAll(asText(from), () => asText(to))),
  join: onAscii((text, [parts]) => [...elementsOf(parts)].map(asAsciiText).join(text)),
  startswith: (text, [prefix]) => anyOf(prefix, (each) => text.startsWith(each)),
  endswith: (text, [suffix]) => anyOf(suffix, (each) => text.endsWith(each)),
  find: onAscii((text, [part]) => text.indexOf(asText(part))),
  count: onAscii((text, [part]) => countOf(text, asText(part))),
  isdigit: onAscii((text) => /^[0-9]+$/.test(text) && !text.includes('\n')),
  isascii: (text) => isAscii(text),
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw TYPE_ERROR
  return value
}

function asAsciiText(value: unknown): string {
  return requireAscii(asText(value))
}

function anyOf(given: unknown, test: (part: string) => boolean): boolean {
  if (typeof given === 'string') return test(wellFormed(given))
  if (!(given instanceof TupleValue)) throw TYPE_ERROR
  // Python looks at the elements in turn, up to the first that is found.
  return given.items.some((each) => test(wellFormed(asText(each))))
}

function titleOf(text: string): string {
  return text.toLowerCase().replace(/[a-z]+/g, (word) => word[0]!.toUpperCase() + word.slice(1))
}

function strip(text: string, signs: unknown, isLeft: boolean, isRight: boolean): string {
  const set = signs === undefined || signs === null ? SPACE_SIGNS : asText(signs)
  let [start, end] = [0, text.length]
  while (isLeft && start < end && set.includes(text[start]!)) start++
  while (isRight && end > start && set.includes(text[end - 1]!)) end--
  return text.slice(start, end)
}

function split(text: string, separator: unknown, most: unknown): ListValue {
  if (separator === undefined || separator === null) {
    if (most !== undefined) throw UNSUPPORTED
    const words = strip(text, null, true, true)
    return new ListValue(words === '' ? [] : words.split(SPACE))
  }
  const parts = text.split(required(separator))
  const limit = limitOf(most)
  if (parts.length - 1 <= limit) return new ListValue(parts)
  return new ListValue([...parts.slice(0, limit), parts.slice(limit).join(asText(separator))])
}

function splitFromEnd(text: string, separator: unknown, most: unknown): ListValue {
  if (separator === null) throw UNSUPPORTED
  const sign = required(separator)
  const parts: string[] = []
  let rest = text
  for (let left = limitOf(most); left > 0; left--) {
    const at = rest.lastIndexOf(sign)
    if (at < 0) break
    parts.unshift(rest.slice(at + sign.length))
    rest = rest.slice(0, at)
  }
  return new ListValue([rest, ...parts])
}

function required(separator: unknown): string {
  const text = asText(separator)
  if (text === '') throw VALUE_ERROR
  return text
}

function limitOf(most: unknown): number {
  if (most === undefined) return Number.POSITIVE_INFINITY
  if (typeof most !== 'number' || !Number.isInteger(most)) throw UNSUPPORTED
  return most < 0 ? Number.POSITIVE_INFINITY : most
}

function countOf(text: string, part: string): number {
  if (part === '') throw NOT_ASCII
  return text.split(part).length - 1
}
