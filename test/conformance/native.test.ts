/** The driver runs under native CPython as it does in the engine; without python3 there is nothing to compare. */
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { compareWithNative } from '../../scripts/conformance/native.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { nullLog } from '../../src/model/ports.ts'
import { runTests } from '../../src/testing/run-tests.ts'
import { engineProject, helper, rule, warmEngine } from '../support/engine-project.ts'

const BODY = `
  import sys
  from names import greet
  def rule(event): return event.get("user") is not None
  def title(event): return greet(event["user"])
  def dedup(event): return ",".join({"a", "b", "c", "d", "e", "f"})
  def runbook(event): return sys.platform
`

it('differences are reported, and apart from them what native runs disagree about', async () => {
  const tests = ['ann', 'bob'].map((user) => ({
    name: user,
    location: { file: 'a.yml', line: 1, column: 1 },
    expectedResult: true,
    entry: JSON.stringify({ user }),
    mocks: '[]',
    expectations: {},
  }))
  const project = engineProject({
    detections: [rule('greets', BODY, { tests })],
    helpers: [helper('names', 'def greet(name): return f"hello {name}"')],
  })
  const engine = await createEngine({
    project,
    purpose: 'test',
    workers: 1,
    log: nullLog,
    prewarmed: warmEngine(),
  })
  const results = await runTests(project, engine, {
    selection: { detections: () => true, tests: () => true, minimumTests: 0 },
    allowUnknownDestinations: true,
    failOnProblems: false,
  })
  await engine.close()
  const hasPython = spawnSync('python3', ['--version']).status === 0
  const report = await compareWithNative(project, results)
  expect(report).toEqual(
    hasPython
      ? {
          python: expect.stringMatching(/^3\./) as string,
          compared: 8,
          different: ['greets: ann: runbook', 'greets: bob: runbook'],
          unstable: ['greets: ann: dedup', 'greets: bob: dedup'],
        }
      : null,
  )
})
