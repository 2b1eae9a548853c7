/** Makes text safe for terminals: it adds colours if the stream supports them, and escapes control characters. */
import { styleText } from 'node:util'

export type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Style = (format: Format, text: string) => string

export const plainStyle: Style = (_format, text) => text

/** Adds colours only if the stream is a terminal. `styleText` itself respects NO_COLOR and FORCE_COLOR. */
export function styleFor(stream: NodeJS.WritableStream, color: boolean): Style {
  if (!color) return plainStyle
  return (format, text) => styleText(format, text, { stream, validateStream: true })
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Escapes control characters and lone surrogates, because events and detections supply the text. */
export function escapeForTerminal(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => ESCAPES[character] ?? `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
}

/** Escapes text of several lines. Line ends and tabs stay. */
export function printableLines(text: string): string[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => escapeForTerminal(line.replaceAll('\t', '    ')))
}

/** `1 test`, `2 tests`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}
