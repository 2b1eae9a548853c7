/** Which guards of a project hold, given what its other bodies may change and which of them run. */
import { expect, it } from 'vitest'
import { analyzeNatively } from '../../../scripts/conformance/native-analysis.ts'
import {
  createDetectionGuards,
  type DetectionGuard,
} from '../../../src/engine/worker/guard/detection-guards.ts'
import type { Project } from '../../../src/model/project/project.ts'
import { dataModel, type EngineProject, engineProject, helper, rule } from '../../support/engine-project.ts'
import { describeWithPython } from './python-answers.ts'

const NAMES = helper('names', 'NAMES = ["a"]\n')
const FOLLOWING = rule(
  'Following',
  'from names import NAMES\ndef rule(event):\n    return event.get("x") in NAMES\n',
)
const ALONE = rule('Alone', 'def rule(event):\n    return event.get("x") == "a"\n')
const UNIFIED = rule('Unified', 'def rule(event):\n    return event.udm("user") == "a"\n', {
  logTypes: ['Test.Log', 'Other.Log'],
})
const MODELS = [
  dataModel({ mappings: [{ name: 'user', path: 'x' }] }),
  dataModel({
    id: 'Other',
    logTypes: ['Other.Log'],
    source: 'def user(event):\n    return event.get("y")\n',
  }),
]

interface Situation {
  /** Ids of bodies. */
  readonly broken?: readonly string[]
  readonly excluded?: readonly string[]
  readonly withoutAnalysis?: readonly string[]
  readonly logType?: string | null
}

/** Detection -> why it has no guard, or null: it has one. */
function reasonsIn(parts: EngineProject, situation: Situation = {}): Record<string, string | null> {
  const project: Project = engineProject(parts)
  const { bodies, guards } = analyzeNatively(project, 'run')
  const numbersOf = (ids: readonly string[] = []) =>
    bodies.flatMap(({ id }, number) => (ids.includes(id) ? [number] : []))
  const withoutAnalysis = numbersOf(situation.withoutAnalysis)
  const detectionGuards = createDetectionGuards({
    bodies,
    guards: guards.map((guard, number) => (withoutAnalysis.includes(number) ? null : guard)),
    broken: new Map(numbersOf(situation.broken).map((number) => [number, null])),
    excluded: numbersOf(situation.excluded),
  })
  const { logType = 'Test.Log' } = situation
  const reasons = bodies.flatMap(({ kind, id }, number) =>
    kind === 'detection' ? [[id, reasonOf(detectionGuards.of(number, logType))] as const] : [],
  )
  return Object.fromEntries(reasons)
}

const reasonOf = (guard: DetectionGuard) => ('reason' in guard ? guard.reason : null)

const changing = (source: string) => rule('Changing', `${source}\n\ndef rule(event):\n    return False\n`)
const APPENDING = changing('from names import NAMES\nNAMES.append("b")')

describeWithPython('guards of a project', () => {
  it('hold where no body changes anything', () => {
    const parts = { detections: [FOLLOWING, ALONE], helpers: [NAMES] }
    expect(reasonsIn(parts)).toEqual({ Following: null, Alone: null })
  })

  it('do not hold where they follow a helper that another body may change', () => {
    const parts = { detections: [FOLLOWING, ALONE, APPENDING], helpers: [NAMES] }
    const reason = 'rules/Changing.py may change global_helpers/names.py'
    expect(reasonsIn(parts)).toEqual({ Following: reason, Alone: null, Changing: null })
  })

  it('hold where the body that could change something does not run', () => {
    const parts = { detections: [FOLLOWING, APPENDING], helpers: [NAMES] }
    expect(reasonsIn(parts, { excluded: ['Changing'] })).toMatchObject({ Following: null })
  })

  it('do not hold where a body can change what names mean', () => {
    const parts = { detections: [FOLLOWING, ALONE, changing('exec("")')], helpers: [NAMES] }
    const reason = 'rules/Changing.py can change what names mean'
    expect(reasonsIn(parts)).toEqual({ Following: reason, Alone: reason, Changing: reason })
  })

  it('do not hold where they follow a helper that cannot be loaded', () => {
    const parts = { detections: [FOLLOWING, ALONE], helpers: [NAMES] }
    const reason = 'global_helpers/names.py cannot be loaded'
    expect(reasonsIn(parts, { broken: ['names'] })).toEqual({ Following: reason, Alone: null })
  })

  it('do not hold where a body could not be analyzed', () => {
    const parts = { detections: [FOLLOWING, ALONE], helpers: [NAMES] }
    const reason = 'global_helpers/names.py could not be analyzed'
    expect(reasonsIn(parts, { withoutAnalysis: ['names'] })).toEqual({ Following: reason, Alone: reason })
  })

  it('follow the data model of the log type, and hold for no other one', () => {
    const parts = { detections: [UNIFIED], dataModels: MODELS }
    expect(reasonsIn(parts)).toEqual({ Unified: null })
    expect(reasonsIn(parts, { logType: 'Other.Log' })).toEqual({ Unified: null })
    const reason = 'it reads the data model of another log type'
    expect(reasonsIn(parts, { logType: 'Third.Log' })).toEqual({ Unified: reason })
    expect(reasonsIn(parts, { logType: null })).toEqual({ Unified: reason })
  })

  it('do not hold where a data model is read and there is no log type', () => {
    const parts = { detections: [{ ...UNIFIED, logTypes: [] }], dataModels: MODELS }
    expect(reasonsIn(parts)).toEqual({ Unified: 'it reads a data model and has no log type' })
  })
})
