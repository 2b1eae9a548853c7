/** Ctrl-C during a long test says what had no result. */
import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/_program.ts'
import { until } from '../support/until.ts'
import { fakeIo } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

it('names the detection that a loop keeps from its result, and ends with 130', async () => {
  const loop = 'def rule(event):\n    while True:\n        pass\n'
  // The loop goes on after the signal, until the time limit ends it.
  const settings = 'workers: 1\nlimits: { timeMs: 2000 }\n'
  const root = makeProject({ ...SOUND, 'signalbox.yaml': settings, 'detections/login.py': loop })
  const io = fakeIo()
  const ended = runProgram(['test', '--project', root], io)
  await until(() => io.listens(), { timeoutMs: 60_000, what: 'the test begins' })
  io.signal('SIGINT')
  expect(io.ended).toEqual([130])
  expect(io.err()).toMatch(/interrupted: \d of 2 detections done; without a result: .*Test\.Login/)
  await ended
  expect(io.listens()).toBe(false)
})
