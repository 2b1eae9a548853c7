/** The table of answers in a destination's docs page, from what the type declares. */
import type {
  AnswerRule,
  DestinationType,
  DirectDestination,
  Success,
} from '../../src/destinations/_destination.ts'
import { usesHttp } from '../../src/destinations/_destination.ts'

const EFFECTS = {
  retry: 'it is retried',
  dead: 'the delivery is dead',
  pause: 'the destination pauses',
} as const

export function answersTable(type: DestinationType): string {
  if (!usesHttp(type)) return outcomesTable(type)
  const { success, rules, unlisted } = type.answers
  const successes = typeof success === 'function' ? success({} as never) : success
  const rows = [
    ...successes.map((each) => [describeSuccess(each), 'delivered']),
    ['another 2xx, and every HTML page', 'it is retried: something in between answered'],
    ...rules.map((rule) => [describeRule(rule), effectOf(rule)]),
    ...(unlisted ? [['any other code of the provider', EFFECTS.pause]] : []),
  ]
  const table = rows.map((cells) => `| ${cells.join(' | ')} |`)
  return ['| answer | what happens |', '|---|---|', ...table, '', rateText(type)].join('\n')
}

function outcomesTable({ type, outcomes }: DirectDestination): string {
  if (!outcomes) throw new Error(`${type} does not state what comes of an attempt`)
  const { delivered, faults, retried } = outcomes
  const rows = [
    [delivered, 'delivered'],
    ...faults.map(({ fault, effect }) => [fault, EFFECTS[effect]]),
    [retried, EFFECTS.retry],
  ].map((cells) => `| ${cells.join(' | ')} |`)
  return ['| answer | what happens |', '|---|---|', ...rows].join('\n')
}

/** Says what the provider accepts, and what is sent by default. */
function rateText({ type, rate }: DestinationType): string {
  if (!rate) throw new Error(`${type} does not state the rate of its provider`)
  const { documented, limit } = rate
  const byDefault = limit
    ? `By default at most ${limit.perMinute} alerts a minute are sent, ${limit.burst} of them at once.`
    : 'By default the rate is not limited.'
  const link = '[`rateLimit`](../destinations.md#a-destination)'
  return `${documented} ${byDefault} ${link} changes that.`
}

function effectOf({ effect, meaning }: AnswerRule): string {
  return meaning ? `${EFFECTS[effect]}: ${meaning}` : EFFECTS[effect]
}

function describeSuccess(success: Success): string {
  const { status, contentType, text, json, object, field, list, element, header } = success
  const parts = [
    ...(contentType ? [`\`${contentType}\``] : []),
    ...(text === undefined ? [] : [text ? `the text ${code(text)}` : 'no body']),
    ...(header ? [`the header ${code(header)}`] : []),
    ...(object ? ['a JSON object'] : []),
    ...Object.entries(json ?? {}).map(([path, value]) => code(`${path}: ${value}`)),
    ...[field, list, element].flatMap((name) => (name ? [code(name)] : [])),
  ]
  const statuses = status ? status.join(', ') : 'any 2xx that is not an HTML page'
  return parts.length > 0 ? `${statuses} with ${parts.join(' and ')}` : statuses
}

function describeRule({ status, codes, texts }: AnswerRule): string {
  const parts = [
    ...(status ? [status.join(', ')] : []),
    ...(codes ? [codes.map((each) => (each === '*' ? 'another field' : code(each))).join(', ')] : []),
    ...(texts ? [`a text with ${texts.map(code).join(' or ')}`] : []),
  ]
  return parts.join(' ')
}

function code(text: string): string {
  return `\`${text}\``
}
