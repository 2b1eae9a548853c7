/** Unit tests of helpers and data models, in real Python: verdicts, frames, limits, and that they spoil nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import type { Engine, UnitTestFile } from '../../../src/model/events/evaluation.ts'
import { nullLog } from '../../../src/model/ports.ts'
import {
  dataModel,
  engineProject,
  helper,
  pythonSource,
  rule,
  warmEngine,
} from '../../support/engine-project.ts'

const GOOD = `
  import os, sys, unittest
  from unittest.mock import patch
  sys.path.append(os.path.dirname(__file__))
  import names
  class TestNames(unittest.TestCase):
      @classmethod
      def setUpClass(cls):
          cls.name = "ann"
      def setUp(self):
          self.greeting = "hello"
      def test_greets(self):
          print("greeting")
          self.assertEqual(names.greet(self.name), f"{self.greeting} ann")
      def test_zz_patched(self):
          names.greet = lambda name: "patched"
          self.assertEqual(names.greet("x"), "patched")
      def test_wrong(self):
          self.assertEqual(names.greet("bob"), "hello ann")
      def test_raises(self):
          names.fail()
      def test_several(self):
          for n in range(3):
              with self.subTest(n=n):
                  self.assertNotEqual(n % 2, 1)
      @unittest.skip("not today")
      def test_skipped(self): pass
      @unittest.expectedFailure
      def test_known_fault(self): self.fail()
      @unittest.expectedFailure
      def test_repaired(self): pass
`
const HOSTILE = `
  import os, socket, unittest
  class TestHostile(unittest.TestCase):
      def test_1_before(self): pass
      def test_2_exits(self): os._exit(0)
      def test_3_reaches_out(self):
          socket.create_connection(("127.0.0.1", 9))
      def test_4_after(self): pass
`
const ENDLESS = `
  import unittest
  class TestEndless(unittest.TestCase):
      def test_1_before(self): pass
      def test_2_loops(self):
          while True: pass
      def test_3_after(self): pass
`
const MODELS = `
  import unittest
  from panther_analysis_tool.main import load_analysis, setup_data_models
  from panther_core.enriched_event import PantherEvent
  specs, invalid_specs = load_analysis("data_models", [], [], [], True)
  models, invalid_models = setup_data_models(specs.data_models)
  class TestModel(unittest.TestCase):
      def test_maps(self):
          event = PantherEvent({"user": "eve"}, models.get("Test.Log"))
          self.assertEqual(event.udm("actor"), "eve")
`

let engine: Engine
let files: ReadonlyMap<string, UnitTestFile>
beforeAll(async () => {
  engine = await createEngine({
    project: {
      ...engineProject({
        detections: [
          rule(
            'greeting',
            'from names import greet\ndef rule(event): return True\ndef title(event): return greet("x")',
          ),
        ],
        helpers: [
          helper('names', 'def greet(name): return f"hello {name}"\ndef fail():\n    raise KeyError("x")'),
          helper('broken', 'import nowhere'),
        ],
        dataModels: [dataModel({ mappings: [{ name: 'actor', path: 'user' }] })],
      }),
      unitTests: [
        pythonSource('global_helpers/names_test.py', GOOD),
        pythonSource('global_helpers/hostile_test.py', HOSTILE),
        pythonSource('data_models/models_test.py', MODELS),
        pythonSource('global_helpers/broken_test.py', 'import broken'),
        pythonSource('global_helpers/other_runner_test.py', 'def test_x(): pass'),
      ],
    },
    purpose: 'test',
    workers: 1,
    log: nullLog,
    prewarmed: warmEngine(),
  })
  files = new Map((await engine.unitTests(() => true)).map((file) => [file.path, file]))
})
afterAll(() => engine.close())

function outcome(path: string, name: string) {
  const found = files.get(path)?.tests.find((test) => test.name === name)
  expect(found).toBeDefined()
  return found!.outcome
}
const ofNames = (name: string) => outcome('global_helpers/names_test.py', `TestNames.${name}`)

describe('verdicts', () => {
  it.each([
    ['test_greets', 'passed'],
    ['test_zz_patched', 'passed'],
    ['test_wrong', 'failed'],
    ['test_raises', 'failed'],
    ['test_several', 'failed'],
    ['test_skipped', 'skipped'],
    ['test_known_fault', 'passed'],
    ['test_repaired', 'failed'],
  ])('%s: %s', (name, status) => {
    expect(ofNames(name).status).toBe(status)
  })

  it('describe what was raised with frames of the project only', () => {
    expect(ofNames('test_raises').errors).toEqual([
      expect.objectContaining({
        type: 'KeyError',
        frames: [
          expect.objectContaining({ file: 'global_helpers/names_test.py', function: 'test_raises' }),
          expect.objectContaining({ file: 'global_helpers/names.py', line: 3, function: 'fail' }),
        ],
      }),
    ])
    expect(ofNames('test_wrong').errors[0]!.message).toContain("'hello bob' != 'hello ann'")
  })

  it('report each failing subtest, reasons and printed text', () => {
    expect(ofNames('test_several').errors.map(({ message }) => message)).toEqual(['(n=1) 1 == 1'])
    expect(ofNames('test_skipped').reason).toBe('not today')
    expect(ofNames('test_repaired').reason).toBe('was expected to fail')
    expect(ofNames('test_greets').output).toBe('greeting\n')
  })
})

describe('containment', () => {
  it.each([
    ['test_1_before', 'passed', ''],
    ['test_2_exits', 'failed', 'InterpreterEnded'],
    ['test_3_reaches_out', 'failed', 'SandboxError'],
    ['test_4_after', 'passed', ''],
  ])('%s: %s', (name, status, type) => {
    const result = outcome('global_helpers/hostile_test.py', `TestHostile.${name}`)
    expect({ status: result.status, types: result.errors.map((error) => error.type) }).toEqual({
      status,
      types: type === '' ? [] : [type],
    })
  })

  it('a unit test that never ends is stopped at the time limit, and the others of its file are run', async () => {
    const limited = await createEngine({
      project: {
        // A unit test may take thirty times as long as a call.
        ...engineProject({ settings: { limits: { timeMs: 50 } } }),
        unitTests: [pythonSource('global_helpers/endless_test.py', ENDLESS)],
      },
      purpose: 'test',
      workers: 1,
      log: nullLog,
      prewarmed: warmEngine(),
    })
    const [file] = await limited.unitTests(() => true)
    expect(
      file!.tests.map(({ name, outcome: { status, errors } }) => [name, status, errors[0]?.type]),
    ).toEqual([
      ['TestEndless.test_1_before', 'passed', undefined],
      ['TestEndless.test_2_loops', 'failed', 'TimeLimitExceeded'],
      ['TestEndless.test_3_after', 'passed', undefined],
    ])
    await limited.close()
  })

  it('what a unit test stores in a helper reaches no detection', async () => {
    const [outcome] = await engine.test([{ detection: 'greeting', entry: '{}', mocks: '[]' }])
    expect(outcome!.functions.title).toEqual({ output: 'hello x' })
  })
})

it('unit tests get data models in the form of panther_analysis_tool', () => {
  expect(outcome('data_models/models_test.py', 'TestModel.test_maps').status).toBe('passed')
})

it('a file that cannot be loaded has its error, and one without a TestCase has no tests', () => {
  expect(files.get('global_helpers/broken_test.py')).toMatchObject({
    error: { type: 'ModuleNotFoundError' },
    tests: [],
  })
  expect(files.get('global_helpers/other_runner_test.py')).toMatchObject({ error: null, total: 0, tests: [] })
})

it('only the selected unit tests run', async () => {
  const [file] = await engine.unitTests((name) => name.endsWith('test_greets'))
  expect(file!.tests.map(({ name }) => name)).toEqual(['TestNames.test_greets'])
  expect(file!.total).toBe(8)
})
