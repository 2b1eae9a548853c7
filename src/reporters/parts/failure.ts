/** Formats why a case failed: expected and actual values, the author's frames, the event fields read, and the route. Pure. */

import type { FunctionError } from '../../model/alerts/finding.ts'
import type { FieldRead } from '../../model/events/evaluation.ts'
import type { TestFailure, TestResult } from '../../model/events/test-result.ts'
import { differences, firstDifference, membership } from './difference.ts'
import { formatRoute, routeTarget } from './route-trace.ts'
import { escapeForTerminal, printableLines, type Style } from './terminal-text.ts'

const ROUTING: ReadonlySet<TestFailure['what']> = new Set(['ExpectedDestinations', 'ExpectedRoute', 'route'])
const MAX_OUTPUT_LINES = 20
/** Shorter texts get no marker, because a reader sees the difference at a glance. */
const MIN_MARKED_CHARS = 16

/** @returns lines without indentation. */
export function formatFailure(test: TestResult, style: Style): string[] {
  return [
    ...test.failures.flatMap((failure) => failureLines(failure, style)),
    ...titled('event fields read:', readLines(test.reads, style)),
    ...routeLines(test, style),
    ...titled('printed:', printedLines(test.output, style)),
  ]
}

/** Formats one failure: expected and actual values, or the author's frames. */
export function failureLines(failure: TestFailure, style: Style): string[] {
  if (isFunctionError(failure.actual))
    return [...printableLines(failure.message), ...errorFrames(failure.actual, style)]
  if (!failure.what.startsWith('Expected') || failure.actual === null) return printableLines(failure.message)
  return [failure.what, ...comparison(failure, style).map((line) => `  ${line}`)]
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]
}

function comparison({ what, expected, actual }: TestFailure, style: Style): string[] {
  if (what === 'ExpectedAlertContext') return differenceLines(expected, actual, style)
  const lines = pair(expected, actual, style)
  if (typeof expected === 'string' && typeof actual === 'string')
    return [...lines, ...marker(expected, actual)]
  if (Array.isArray(expected) && Array.isArray(actual)) return [...lines, ...memberLines(expected, actual)]
  return lines
}

function differenceLines(expected: unknown, actual: unknown, style: Style): string[] {
  return differences(expected, actual).flatMap(({ path, missing, ...values }) => {
    const pathLine = path === '' ? [] : [`at ${escapeForTerminal(path)}`]
    const shownActual = missing ? style('red', 'absent') : style('red', shown(values.actual))
    return [...pathLine, `expected  ${style('green', shown(values.expected))}`, `actual    ${shownActual}`]
  })
}

function pair(expected: unknown, actual: unknown, style: Style): string[] {
  return [`expected  ${style('green', shown(expected))}`, `actual    ${style('red', shown(actual))}`]
}

/** A caret below the first character in which two long texts differ. */
function marker(expected: string, actual: string): string[] {
  const texts = [shown(expected), shown(actual)] as const
  if (Math.min(texts[0].length, texts[1].length) < MIN_MARKED_CHARS) return []
  return [`${' '.repeat('expected  '.length + firstDifference(...texts))}^`]
}

function memberLines(expected: readonly unknown[], actual: readonly unknown[]): string[] {
  const { lacking, unexpected } = membership(expected, actual)
  return [
    ...lacking.map((item) => `lacks       ${shown(item)}`),
    ...unexpected.map((item) => `unexpected  ${shown(item)}`),
  ]
}

/** Formats the author's frames with their source lines. The innermost frame comes last. */
export function errorFrames(error: FunctionError, style: Style): string[] {
  return error.frames.flatMap((frame) => [
    style(
      'dim',
      `  at ${escapeForTerminal(frame.file)}:${frame.line} in ${escapeForTerminal(frame.function)}`,
    ),
    ...(frame.source ? [`     ${escapeForTerminal(frame.source.trim())}`] : []),
  ])
}

/** Formats the event fields that the body read, with the values that it got. */
export function readLines(reads: readonly FieldRead[], style: Style): string[] {
  const width = Math.max(0, ...reads.map(({ field }) => escapeForTerminal(field).length))
  return reads.map(({ field, value }) => {
    const shownValue = value === null ? style('yellow', 'absent') : escapeForTerminal(value)
    return `${escapeForTerminal(field).padEnd(width)}  ${shownValue}`
  })
}

function routeLines({ failures, route }: TestResult, style: Style): string[] {
  if (!route || !failures.some(({ what }) => ROUTING.has(what))) return []
  return [`route: ${routeTarget(route)}`, ...formatRoute(route, style).map((line) => `  ${line}`)]
}

/** Formats the last lines that the body printed. */
export function printedLines(output: string, style: Style, maxLines = MAX_OUTPUT_LINES): string[] {
  if (output === '') return []
  const lines = printableLines(output)
  const left = lines.length - maxLines
  const more = left > 0 ? [style('dim', `| ... ${left} lines before`)] : []
  return [...more, ...lines.slice(-maxLines).map((line) => style('dim', `| ${line}`))]
}

function isFunctionError(value: unknown): value is FunctionError {
  return typeof value === 'object' && value !== null && 'frames' in value && 'repr' in value
}

function shown(value: unknown): string {
  return escapeForTerminal(JSON.stringify(value) ?? String(value))
}
