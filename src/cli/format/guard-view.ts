/** The guard of a detection for one event, as `explain` and `debug` print it. */
import type { GuardExplanation } from '../../model/events/guard-report.ts'
import { locationText, reasonOf } from '../../model/events/guard-words.ts'
import { escapeForTerminal, type Style } from '../../reporters/parts/terminal-text.ts'

const MAX_CONDITIONS = 10

export function guardLines(explanation: GuardExplanation | null, style: Style): string[] {
  if (explanation === null) return []
  return [
    ...answerLines(explanation, style),
    ...indexLines(explanation, style),
    ...stepLines(explanation, style),
    ...lookupLines(explanation),
  ]
}

function answerLines(explanation: GuardExplanation, style: Style): string[] {
  const { message, part } = reasonOf(explanation)
  const isSilent = explanation.answer === 'silent'
  const answer = isSilent
    ? style('green', 'silent: run does not call Python')
    : style('yellow', 'asked: run calls Python')
  const location = part ? `  ${style('dim', locationText(part.location))}` : ''
  const text = part && !message.includes(part.text) ? [`  ${escapeForTerminal(part.text)}`] : []
  return [answer, `because ${escapeForTerminal(message)}${location}`, ...text]
}

function indexLines(
  { conditions, conditionsFrom, held, noConditions }: GuardExplanation,
  style: Style,
): string[] {
  if (conditionsFrom === null) {
    const why = noConditions ? `: ${escapeForTerminal(noConditions.message)}` : ''
    return [`selected by the index for every event${why}`]
  }
  const shown = held.length > 0 ? held : conditions
  const head =
    held.length > 0
      ? 'selected by the index, because this holds:'
      : 'left out by the index, because none of these holds:'
  const more = shown.length - MAX_CONDITIONS
  return [
    head,
    ...shown.slice(0, MAX_CONDITIONS).map((each) => `  ${escapeForTerminal(each)}`),
    ...(more > 0 ? [style('dim', `  and ${more} more`)] : []),
  ]
}

function stepLines({ steps }: GuardExplanation, style: Style): string[] {
  if (steps.length === 0) return []
  const width = Math.max(...steps.map(({ location }) => locationText(location).length))
  return [
    'tests, in their order:',
    ...steps.map(({ location, text, value, depth }) => {
      const at = style('dim', locationText(location).padEnd(width))
      return `  ${at}  ${'  '.repeat(depth)}${escapeForTerminal(text)}  ${style('bold', escapeForTerminal(value))}`
    }),
  ]
}

function lookupLines({ lookups }: GuardExplanation): string[] {
  if (lookups.length === 0) return []
  const width = Math.max(...lookups.map(({ text }) => text.length))
  return [
    'looked up:',
    ...lookups.map(
      ({ text, value }) => `  ${escapeForTerminal(text.padEnd(width))}  ${escapeForTerminal(value)}`,
    ),
  ]
}
