/** Real Python records which lines of a body run during a test call. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, helper, rule, warmEngine } from '../support/engine-project.ts'

const BRANCHING = `"""What it is for."""
from geo import locate

class Limits:
    most = 3

def rule(event):
    # not a line that runs
    if event.get("n") > Limits.most:
        return True
    else:
        name = locate(event)
        return any(
            letter == "x" for letter in name
        )

def title(event):
    def shown():
        return "never"
    return "title"
`
const HOSTILE = `import sys
def rule(event):
    sys.monitoring.free_tool_id(sys.monitoring.COVERAGE_ID)
    sys.monitoring.use_tool_id(sys.monitoring.COVERAGE_ID, "mine")
    return True
`
const detections = [
  rule('branching', BRANCHING),
  rule('hostile', HOSTILE),
  rule('broken', 'def rule(event):\n    return event["gone"]\n    return False\n'),
]

let engine: Engine
beforeAll(async () => {
  engine = await createEngine({
    project: engineProject({ detections, helpers: [helper('geo', 'def locate(event):\n    return "a"')] }),
    purpose: 'test',
    workers: 1,
    log: nullLog,
    prewarmed: warmEngine(),
  })
})
afterAll(() => engine.close())

const call = (detection: string, entry: object, followLines = true) => ({
  detection,
  entry: JSON.stringify(entry),
  mocks: '[]',
  followLines,
})

const AT_LOAD = [1, 2, 4, 5, 7, 17]
const TITLE = [18, 20]

it('the lines of each call are those of the branch that it took', async () => {
  const [above, below, again] = await engine.test([
    call('branching', { n: 4 }),
    call('branching', { n: 1 }),
    call('branching', { n: 4 }),
  ])
  expect(above!.lines).toEqual({
    executable: [1, 2, 4, 5, 7, 9, 10, 12, 13, 14, 17, 18, 19, 20],
    run: [...AT_LOAD, 9, 10, ...TITLE].sort((a, b) => a - b),
  })
  expect(below!.lines!.run).toEqual([...AT_LOAD, 9, 12, 13, 14, ...TITLE].sort((a, b) => a - b))
  expect(again!.lines).toEqual(above!.lines)
})

it('no lines are recorded unless they are requested', async () => {
  const [outcome] = await engine.test([call('branching', { n: 4 }, false)])
  expect(outcome).not.toHaveProperty('lines')
})

it('the lines up to the one that raised are recorded', async () => {
  const [outcome] = await engine.test([call('broken', {})])
  expect(outcome!.lines!.run).toEqual([1, 2])
})

it('lines of later cases are recorded although a body removed the recorder', async () => {
  const [hostile, next] = await engine.test([call('hostile', {}), call('branching', { n: 4 })])
  expect(hostile!.functions.detection).toEqual({ output: true })
  expect(next!.lines!.run).toContain(10)
})
