import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/_program.ts'
import { until as untilWithin } from '../support/until.ts'
import { fakeIo } from './fake-io.ts'
import { DISABLED, LOGIN, makeProject, SOUND } from './project-on-disk.ts'

/** Python starts several times, beside other tests. */
const PATIENCE_MS = 50_000
const until = (condition: () => boolean) => untilWithin(condition, { timeoutMs: PATIENCE_MS })

it('tests again after a change, what changed first; survives a broken moment; ends with SIGINT', async () => {
  const root = makeProject(SOUND)
  const io = fakeIo()
  const ended = runProgram(['watch', '--project', root], io)
  const waits = () => io.err().match(/waiting for changes/g)?.length ?? 0
  await until(() => waits() === 1)
  expect(io.out()).toMatch(/UNTESTED {2}Test\.Disabled[\s\S]*PASS {6}Test\.Login/)

  const before = io.out().length
  writeFileSync(join(root, 'detections/login.yml'), LOGIN.replace('ann logged in', 'bob logged in'))
  await until(() => waits() === 2)
  expect(io.out().slice(before)).toMatch(/FAIL {6}Test\.Login[\s\S]*UNTESTED {2}Test\.Disabled/)

  writeFileSync(join(root, 'detections/login.yml'), 'AnalysisType: [')
  writeFileSync(join(root, 'detections/disabled.yml'), DISABLED.replace('Severity', 'Severty'))
  await until(() => waits() === 3)
  expect(io.err()).toContain('nothing could be loaded')

  io.signal('SIGINT')
  expect(await ended).toBe(130)
}, 180_000)
