/** A daemon ends although a read that it started never returns. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { until } from '../support/until.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const COMMAND = join(import.meta.dirname, '../../bin/signalbox.cjs')

/** A pipe whose writer never writes. */
function silentPipe(root: string, { onTestFinished }: TestContext): string {
  const pipe = join(root, 'pipe')
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
  const writer = openSync(pipe, 'r+')
  onTestFinished(() => closeSync(writer))
  return pipe
}

function start(
  root: string,
  { onTestFinished }: TestContext,
  ...args: string[]
): { child: ChildProcess; complaints: () => string } {
  const argv = ['run', '--project', root, '--store', 'memory:', '--drain-timeout', '300ms', ...args]
  const child = spawn(process.execPath, [COMMAND, ...argv], { stdio: ['pipe', 'ignore', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let complaints = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  return { child, complaints: () => complaints }
}

// Both processes wait most of the time.
it.concurrent('a source that waits for a silent pipe is left behind', async (context) => {
  const root = makeProject(SOUND)
  const { child, complaints } = start(
    root,
    context,
    '--from',
    `file:${silentPipe(root, context)}?logType=Test.Log`,
  )
  const exited = once(child, 'exit')
  await until(() => complaints().includes(', from '))
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
  expect(complaints()).toMatch(/events {6}0 accepted/)
})

it.concurrent('a destination type of the project that hangs is left behind, its alert is named', async (context) => {
  const root = makeProject({
    ...SOUND,
    'my-sink.ts': `import { readFile } from 'node:fs/promises'
export default {
  type: './my-sink.ts',
  summary: 'reads where nothing comes',
  options: { type: 'object', properties: { pipe: { type: 'string' } }, additionalProperties: false },
  payload: () => ({}),
  async send(_payload, { pipe }) {
    process.stderr.write('sending\\n')
    await readFile(pipe)
    return { message: '' }
  },
}
`,
    'destinations.yaml': `version: 1
destinations:
  - { name: own, type: ./my-sink.ts, severities: [HIGH], options: { pipe: pipe } }
  - { name: inbox, type: console, severities: [] }
`,
  })
  silentPipe(root, context)
  const { child, complaints } = start(
    root,
    context,
    '--allow-local-types',
    '--from',
    'stdin?logType=Test.Log',
  )
  const exited = once(child, 'exit')
  child.stdin!.end('{"action":"login","user":"ann"}\n')
  expect(await exited).toEqual([1, null])
  expect(complaints()).toMatch(/not delivered .*:\n {2}[0-9a-f]{12} {2}(waiting|pending|sending) {2}own/)
})
