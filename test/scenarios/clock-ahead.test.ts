/** One run with a clock that is a year ahead, then one with the right clock. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'
import { describeWithProgram } from '../support/optional-program.ts'

const COMMAND = join(import.meta.dirname, '../../bin/signalbox.cjs')

describeWithProgram('faketime', 'a clock that was a year ahead', () => {
  it('a run with a clock that is ahead does not suppress alerts of the next run', async () => {
    const root = makeProject(SOUND)
    const argvFor = (name: string): string[] => {
      const file = join(root, name)
      writeFileSync(file, '{"p_log_type":"Test.Log","action":"login","user":"ann"}\n')
      return ['run', '--project', root, '--from', `file:${file}`]
    }
    const runAhead = async (name: string): Promise<string> => {
      const argv = ['-f', '+365d', process.execPath, COMMAND, ...argvFor(name)]
      const child = spawn('faketime', argv, { stdio: ['ignore', 'ignore', 'pipe'] })
      let complaints = ''
      child.stderr.on('data', (chunk: Buffer) => {
        complaints += chunk.toString()
      })
      await once(child, 'close')
      return complaints
    }
    const run = async (name: string) => (await signalbox(argvFor(name))).err
    expect(await runAhead('in1')).toContain('1 created')
    expect(await run('in2')).toContain('1 created')
    expect(await run('in3')).toContain('1 merged')
  })
})
