/** What a failing case read of its event is asked for in a second run: by real Python, and to the harm of no verdict. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { type Log, nullLog } from '../../src/model/ports.ts'
import type { Project } from '../../src/model/project/project.ts'
import { runTests } from '../../src/testing/run-tests.ts'
import { engineProject, rule, warmEngine } from '../support/engine-project.ts'

const testCase = (name: string, entry: object, expectedResult = true) => ({
  name,
  location: { file: 'rules/it.yml', line: 1, column: 1 },
  expectedResult,
  entry: JSON.stringify(entry),
  mocks: '[]',
  expectations: {},
})

const COUNTING = `
seen = 0
def rule(event):
    global seen
    seen += 1
    return event.get("turn") == seen
`
const detections = [
  rule('counting', COUNTING, {
    tests: [
      testCase('first', { turn: 1 }),
      testCase('wrong on purpose', { turn: 9 }),
      testCase('third', { turn: 3 }),
    ],
  }),
  rule('exits', 'import os\ndef rule(event):\n    event.get("a")\n    os._exit(0)', {
    tests: [testCase('ends its worker', { a: 1 })],
  }),
]

let project: Project
let engine: Engine
const warnings: string[] = []
const log: Log = { ...nullLog, warn: (_, text) => void warnings.push(text) }
beforeAll(async () => {
  project = engineProject({ detections })
  engine = await createEngine({ project, purpose: 'test', workers: 1, log, prewarmed: warmEngine() })
})
afterAll(() => engine.close())

async function readsOf(id: string, options: { readonly recordAllReads?: boolean } = {}) {
  const [result] = await runTests(project, engine, {
    selection: { detections: (detection) => detection.id === id, tests: () => true, minimumTests: 0 },
    allowUnknownDestinations: true,
    failOnProblems: false,
    ...options,
  })
  return result!.tests.map(({ name, status, reads }) => [name, status, reads])
}

it('only a failed case runs again to record its reads, after all cases of its detection', async () => {
  expect(await readsOf('counting')).toEqual([
    ['first', 'passed', []],
    ['wrong on purpose', 'failed', [{ field: 'turn', value: '9' }]],
    ['third', 'passed', []],
  ])
})

it('reads of every case are recorded if the reporter lists them', async () => {
  const reads = (await readsOf('counting', { recordAllReads: true })).map(([, , read]) => read)
  expect(reads).toEqual([1, 9, 3].map((turn) => [{ field: 'turn', value: String(turn) }]))
})

it('a case that ends its worker does not run again', async () => {
  expect(await readsOf('exits')).toEqual([['ends its worker', 'failed', []]])
  expect(warnings).toEqual(['a detection ended its worker'])
})
