/** Ctrl-C during a long test says what had no result. */
import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { type FakeIo, fakeIo } from './fake-io.ts'
import { LOGIN, makeProject, SOUND } from './project-on-disk.ts'

const ONE_CASE = LOGIN.slice(0, LOGIN.indexOf('  - Name: logout'))

it('an interrupted test names the detection in an endless loop and ends with 130', async () => {
  const loop = 'def rule(event):\n    while True:\n        pass\n'
  // The loop goes on after the signal, until the time limit ends it: once for each case, so there is one case.
  const settings = 'workers: 1\nlimits: { timeMs: 1000 }\n'
  const root = makeProject({
    ...SOUND,
    'signalbox.yaml': settings,
    'detections/login.yml': ONE_CASE,
    'detections/login.py': loop,
  })
  const interrupted = fakeIo()
  const beginning = Promise.withResolvers<void>()
  const io: FakeIo = {
    ...interrupted,
    onSignal(listener) {
      beginning.resolve()
      return interrupted.onSignal(listener)
    },
  }
  const ended = runProgram(['test', '--project', root], io)
  await beginning.promise
  io.signal('SIGINT')
  expect(io.ended).toEqual([130])
  expect(io.err()).toMatch(/interrupted: \d of 2 detections done; without a result: .*Test\.Login/)
  await ended
  expect(io.listens()).toBe(false)
})
