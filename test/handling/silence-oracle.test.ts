/** The index and the compiled globs decide as a naive reading of the rules does. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { handle } from '../../src/handling/handle.ts'
import { type HandledAlert, NO_HANDLING_STATE } from '../../src/handling/stage.ts'
import { ALERT_KINDS, alertGroup } from '../../src/model/alerts/alert-kind.ts'
import { SEVERITIES } from '../../src/model/alerts/severity.ts'
import type { AlertMatch, Silence } from '../../src/model/alerts/silence.ts'
import { NO_HANDLING_RULES } from '../../src/model/project/handling-rules.ts'
import { handledAlert, silence } from '../support/silences.ts'

const words = fc.constantFrom('a', 'b', 'a.b', 'a.b.c', 'b.c', '')
const globs = fc.array(fc.constantFrom('*', 'a', 'a*', '*b', '?', 'a.?', 'x', 'a.b.c', '*.*'), {
  maxLength: 3,
})
const match: fc.Arbitrary<AlertMatch> = fc.record(
  {
    detections: globs,
    severities: fc.subarray([...SEVERITIES]),
    logTypes: globs,
    tags: globs,
    alertTypes: fc.subarray([...ALERT_KINDS]),
    title: globs,
    context: fc.dictionary(fc.constantFrom('a', 'a.b', 'n'), globs, { maxKeys: 2 }),
  },
  { requiredKeys: [] },
)
const silences = fc
  .array(
    fc.record({
      from: fc.option(fc.integer({ min: 0, max: 20 })),
      until: fc.integer({ min: 0, max: 20 }),
      match,
      except: fc.option(match),
      destinations: fc.option(fc.subarray(['soc', 'pager'], { minLength: 1 })),
    }),
    { maxLength: 6 },
  )
  .map((list) => list.map((over, i) => silence(`s${i}`, over)))
const alerts = fc
  .record({
    detection: words,
    severity: fc.constantFrom(...SEVERITIES),
    kind: fc.constantFrom(...ALERT_KINDS),
    title: words,
    tags: fc.array(words, { maxLength: 2 }),
    logTypes: fc.array(words, { maxLength: 2 }),
    context: fc.constantFrom('{}', '{"a":"b"}', '{"a":{"b":["x","a"]}}', '{"a.b":"a","n":5}'),
  })
  .map(({ severity, ...over }) => handledAlert({ ...over, severity: { value: severity, source: 'static' } }))

/** Compares without a regular expression. */
function fits(glob: string, text: string): boolean {
  if (glob === '') return text === ''
  if (glob[0] === '*') return fits(glob.slice(1), text) || (text !== '' && fits(glob, text.slice(1)))
  return text !== '' && (glob[0] === '?' || glob[0] === text[0]) && fits(glob.slice(1), text.slice(1))
}

const CONTEXTS: Record<string, Record<string, string[]>> = {
  '{}': {},
  '{"a":"b"}': { a: ['b'] },
  '{"a":{"b":["x","a"]}}': { 'a.b': ['x', 'a'] },
  '{"a.b":"a","n":5}': { 'a.b': ['a'], n: ['5'] },
}

function meets(wanted: AlertMatch, alert: HandledAlert): boolean {
  const some = (list: readonly string[] | undefined, texts: readonly string[]) =>
    list === undefined || list.some((glob) => texts.some((text) => fits(glob, text)))
  return (
    some(wanted.detections, [alert.detection]) &&
    some(wanted.logTypes, alert.logTypes) &&
    some(wanted.tags, alert.tags) &&
    some(wanted.title, [alert.title]) &&
    (wanted.severities?.includes(alert.severity.value) ?? true) &&
    (wanted.alertTypes?.includes(alert.kind) ?? true) &&
    Object.entries(wanted.context ?? {}).every(([path, list]) =>
      some(list, CONTEXTS[alert.context]![path] ?? []),
    )
  )
}

function hiddenBy(each: Silence, alert: HandledAlert, destination: string, now: number): boolean {
  return (
    (each.from ?? 0) <= now &&
    now < each.until &&
    (each.match.alertTypes !== undefined || alertGroup(alert.kind) === 'ALERT') &&
    meets(each.match, alert) &&
    !(each.except && meets(each.except, alert)) &&
    (each.destinations?.includes(destination) ?? true)
  )
}

it('an alert is hidden exactly where a silence in force matches it', () => {
  const destinations = ['soc', 'pager']
  fc.assert(
    fc.property(
      silences,
      silences,
      fc.array(alerts, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 20 }),
      (declared, stored, list, now) => {
        for (const alert of list) {
          const rules = { ...NO_HANDLING_RULES, silences: declared }
          const { sends } = handle(
            alert,
            { destinations },
            { ...NO_HANDLING_STATE, silences: stored },
            rules,
            now,
          )
          const expected = destinations.map((destination) =>
            [...declared, ...stored].some((each) => hiddenBy(each, alert, destination, now)),
          )
          expect(sends.map(({ how }) => how === 'none')).toEqual(expected)
        }
      },
    ),
    { numRuns: 500 },
  )
})
