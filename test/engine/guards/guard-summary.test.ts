/** What is kept of guards with the analysis is what would be derived from them, and a guard is compiled only to be evaluated. */
import { expect, it } from 'vitest'
import { analyzeNatively } from '../../../scripts/conformance/native-analysis.ts'
import {
  deriveIndexConditions,
  type IndexConditions,
} from '../../../src/engine/worker/event-index/derive-index-conditions.ts'
import { guardConditions } from '../../../src/engine/worker/event-index/detection-conditions.ts'
import { DetectionIndexes } from '../../../src/engine/worker/event-index/detection-indexes.ts'
import { comparedFields } from '../../../src/engine/worker/event-index/narrow-conditions.ts'
import { createDetectionGuards } from '../../../src/engine/worker/guard/detection-guards.ts'
import type { ParsedEvent } from '../../../src/engine/worker/parsed-event.ts'
import { dataModel, engineProject, rule } from '../../support/engine-project.ts'
import { describeWithPython } from './python-answers.ts'

const TYPES = ['Test.Log', 'Other.Log']
const CONDITIONS = [
  'event.get("source") == "s" and event.get("name") == "n"',
  'event.get("source") in ("s", "t") and event.get("name", "").startswith("n")',
  'event.get("source") == "s" and event.get("p_log_type") == "Test.Log"',
  'event.get("p_log_type") == "Test.Log" and event.get("name") == "n"',
  'event.get("p_log_type") == "Other.Log" or event.get("name") == "n"',
  'event.get("p_row_id") == "r" or event.get("name") == "n"',
  'event.udm("user") == "a"',
  'event["name"] == "n"',
]
const RULES = CONDITIONS.map((condition, at) =>
  rule(`Rule.${at}`, `def rule(event):\n    return ${condition}\n`, { logTypes: TYPES }),
)
const MODELS = [
  dataModel({ mappings: [{ name: 'user', path: 'who' }] }),
  dataModel({ id: 'Other', logTypes: ['Other.Log'], mappings: [{ name: 'user', path: 'actor.name' }] }),
]

function analyzed(texts: (text: string) => string = (text) => text) {
  const project = engineProject({ detections: RULES, dataModels: MODELS })
  const { bodies, guards: found } = analyzeNatively(project, 'run')
  const guards = found.map((each) => each && { ...each, text: texts(each.text) })
  const detectionGuards = createDetectionGuards({ bodies, guards, broken: new Map(), excluded: [] })
  const numbers = bodies.flatMap(({ kind }, number) => (kind === 'detection' ? [number] : []))
  return { bodies, guards: detectionGuards, numbers }
}

const listOf = (conditions: IndexConditions) => ('conditions' in conditions ? conditions.conditions : null)

/** Only the log type of the event is asked for. */
const eventOf = (logType: string) => ({ isResource: false, logType }) as ParsedEvent

describeWithPython('what is kept of guards', () => {
  it('is what their programs give for each log type, and for a field that is known', () => {
    const { guards, numbers } = analyzed()
    const compared = numbers.flatMap((number) =>
      TYPES.map((logType) => {
        const guarded = guards.of(number, logType)
        if (!('summary' in guarded)) throw new Error(guarded.reason)
        const derived = deriveIndexConditions(guarded.program, logType)
        expect(guardConditions(guarded, logType)).toEqual(listOf(derived))
        const fields = comparedFields(listOf(derived) ?? [])
        for (const field of fields) {
          const ofField = listOf(deriveIndexConditions(guarded.program, logType, field))
          expect(guardConditions(guarded, logType, field)).toEqual(ofField)
        }
        return fields.length
      }),
    )
    expect(compared.some((fields) => fields > 0)).toBe(true)
  })

  it('makes the index without a program, and the selected guards are read from theirs', () => {
    const whole = analyzed()
    const unread = analyzed((text) => (text.includes('"p_log_type"') ? text : 'no program'))
    const event = { source: 's', name: 'n', p_log_type: 'Other.Log' }
    const [expected, found] = [whole, unread].map(({ bodies, guards, numbers }) =>
      new DetectionIndexes(bodies, guards).of(numbers, eventOf('Other.Log')).select(event),
    )
    expect(found).toEqual(expected)
    expect(expected!.length).toBeLessThan(whole.numbers.length)
    const guardOf = ({ bodies, guards, numbers }: ReturnType<typeof analyzed>) =>
      new DetectionIndexes(bodies, guards).of(numbers, eventOf('Other.Log')).guardOf(numbers[0]!)
    expect(guardOf(whole)!.evaluate({ source: 's', name: 'other' }, '{}')).toBe('silent')
    expect(() => guardOf(unread)).toThrow(SyntaxError)
  })
})
