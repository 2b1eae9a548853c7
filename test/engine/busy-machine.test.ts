/** While other processes use every core, only a detection that loops is named. */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { type Log, nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, rule, warmEngine } from '../support/engine-project.ts'

const WORKS = `
def rule(event):
    return sum(range(20_000)) > 0
`
const LOOPS = 'def rule(event):\n    while event.get("bad"): pass\n    return False'
const SLEEPS = 'import time\ndef rule(event): return event.get("bad") and time.sleep(1e6)'

let busy: ChildProcess[]
let engine: Engine
const logged: object[] = []
beforeAll(async () => {
  const log: Log = {
    ...nullLog,
    warn: (fields) => logged.push(fields),
    error: (fields) => logged.push(fields),
  }
  const detections = [
    rule('before', WORKS),
    rule('loops', LOOPS),
    rule('sleeps', SLEEPS),
    rule('after', WORKS),
  ]
  const project = engineProject({ detections, settings: { limits: { timeMs: 100, quarantineAfter: 3 } } })
  engine = await createEngine({ project, purpose: 'run', workers: 2, prewarmed: warmEngine(), log })
  busy = Array.from({ length: 3 * availableParallelism() }, () =>
    spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' }),
  )
})
afterAll(async () => {
  for (const child of busy) child.kill('SIGKILL')
  await engine.close()
})

it('only the detection that loops is named while other processes use every core', async () => {
  const events = await engine.evaluate(Array.from({ length: 40 }, (_, at) => envelope({ bad: at === 20 })))
  const said = events.map(findingsOf)
  const fine = { detection: { output: true } }
  expect(said.map(({ before, after }) => [before, after])).toEqual(said.map(() => [fine, fine]))
  const offenders = said.flatMap(({ loops, sleeps }, at) => (loops || sleeps ? [[at, loops, sleeps]] : []))
  const stopped = {
    detection: { error: expect.objectContaining({ type: 'TimeLimitExceeded', limit: 'time' }) },
  }
  expect(offenders).toEqual([[20, stopped, stopped]])
  const named = logged.map((fields) => (fields as { detection?: string }).detection)
  expect(['loops', 'sleeps']).toEqual(expect.arrayContaining(named))
})
