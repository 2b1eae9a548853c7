import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { spawn } from '@lydell/node-pty'
import { expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import { keyReader, listenToKeys, type WatchCommand } from '../../../src/cli/test-run/watch-keys.ts'
import { COMMAND, commandEnvironment } from '../../support/process.ts'
import { until } from '../../support/until.ts'
import { fakeIo } from '../fake-io.ts'
import { DISABLED, LOGIN, makeProject, SOUND } from '../project-on-disk.ts'

it('watch tests only what a change affects, survives errors, and ends with SIGINT', async () => {
  const root = makeProject(SOUND)
  const io = fakeIo()
  const ended = runProgram(['watch', '--project', root], io)
  const waits = () => io.err().match(/Waiting for changes/g)?.length ?? 0
  const afterChange = async (...files: [string, string][]) => {
    const [before, out] = [waits(), io.out().length]
    for (const [path, text] of files) writeFileSync(join(root, path), text)
    await until(() => waits() > before)
    return io.out().slice(out)
  }
  await until(() => waits() === 1)
  expect(io.out()).toMatch(/UNTESTED {2}Test\.Disabled[\s\S]*PASS {6}Test\.Login/)

  const spec = await afterChange(['detections/login.yml', LOGIN.replace('ann logged in', 'bob logged in')])
  expect(spec).toContain('FAIL      Test.Login')
  expect(spec).not.toContain('Test.Disabled')
  expect(spec).toContain('Detections  1 failed, 1 untested')

  const body = await afterChange(['detections/login.py', 'def rule(event):\n    return ((\n'])
  expect(body).toContain('INVALID   Test.Login')

  const fixed = await afterChange(
    ['detections/login.py', 'def rule(event):\n    return event.get("action") == "login"\n'],
    ['detections/login.yml', LOGIN.replace(/ +ExpectedTitle.*\n/, '')],
  )
  expect(fixed).toContain('PASS      Test.Login')

  const added = await afterChange(
    ['detections/new.yml', DISABLED.replace('Test.Disabled', 'Test.New').replace('disabled.py', 'new.py')],
    ['detections/new.py', 'def rule(event): return True\n'],
  )
  expect(added).toContain('UNTESTED  Test.New')
  expect(added).not.toContain('Test.Login')

  await afterChange(
    ['detections/login.yml', 'AnalysisType: ['],
    ['detections/new.yml', 'AnalysisType: ['],
    ['detections/disabled.yml', DISABLED.replace('Severity', 'Severty')],
  )
  expect(io.err()).toContain('nothing could be loaded')

  io.signal('SIGINT')
  expect(await ended).toBe(130)
})

it('watch tests the dependants of a changed helper, and then its unit tests', async () => {
  const root = makeProject({
    ...SOUND,
    'detections/login.py':
      'from words import GREETING\ndef rule(event): return event.get("action") == "login"\ndef title(event): return event["user"] + GREETING\n',
    'global_helpers/words.yml': 'AnalysisType: global\nGlobalID: words\nFilename: words.py\n',
    'global_helpers/words.py': 'GREETING = " logged in"\n',
    'global_helpers/words_test.py':
      'import unittest, words\nclass Words(unittest.TestCase):\n    def test_it(self): self.assertIn("logged", words.GREETING)\n',
  })
  const io = fakeIo()
  const ended = runProgram(['watch', '--project', root], io)
  await until(() => /PASS {6}global_helpers\/words_test.py[\s\S]*Unit tests {2}1 passed/.test(io.out()))
  const after = async (path: string, text: string, expected: RegExp) => {
    const from = io.out().length
    writeFileSync(join(root, path), text)
    await until(() => expected.test(io.out().slice(from)))
    return io.out().slice(from)
  }
  const helper = await after(
    'global_helpers/words.py',
    'GREETING = " came in"\n',
    /FAIL {6}Test\.Login[\s\S]*FAIL {6}global_helpers\/words_test\.py[\s\S]*Unit tests {2}1 failed/,
  )
  expect(helper).toContain('ann came in')
  expect(helper).not.toContain('Test.Disabled')
  const registry = await after(
    'destinations.yaml',
    SOUND['destinations.yaml'].replace('HIGH, ', ''),
    /Unit tests {2}1 failed/,
  )
  expect(registry).toMatch(/UNTESTED {2}Test\.Disabled[\s\S]*FAIL {6}Test\.Login/)
  expect(registry).not.toContain('words_test')
  io.signal('SIGTERM')
  expect(await ended).toBe(0)
})

it('keys run all, run failed, filter by id, and quit', () => {
  const commands: WatchCommand[] = []
  const press = keyReader({ onCommand: (command) => commands.push(command), showLine: () => {} })
  for (const key of '\rft') press(key)
  for (const key of 'Okq\u007f\r') press(key)
  for (const key of ['t', 'x', '\u001b', 'q', '\u0003']) press(key)
  expect(commands).toEqual(['all', 'failed', { pattern: 'Ok' }, 'end', 'interrupt'])
})

it('keys are read only from a terminal', () => {
  const listener = { onCommand: () => {}, showLine: () => {} }
  expect(listenToKeys(new PassThrough(), listener)).toBeNull()
  const modes: boolean[] = []
  const terminal = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => modes.push(raw),
  })
  listenToKeys(terminal, listener)?.()
  expect(modes).toEqual([true, false])
})

it('in a real terminal keys are read in raw mode, and q quits', async () => {
  const pty = spawn(process.execPath, [COMMAND, 'watch', '--project', makeProject(SOUND)], {
    cols: 120,
    rows: 50,
    env: commandEnvironment({ TERM: 'xterm-256color' }),
  })
  let shown = ''
  pty.onData((data) => (shown += data))
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)))
  const waits = () => shown.match(/Waiting for changes\. Enter: run all/g)?.length ?? 0
  await until(() => waits() === 1)
  pty.write('tLogin\r')
  await until(() => waits() === 2)
  expect(shown.split('Waiting for changes')[1]).toMatch(/PASS.*Test\.Login/)
  expect(shown.split('Waiting for changes')[1]).not.toContain('UNTESTED')
  pty.write('q')
  expect(await ended).toBe(0)
})
