/** One run with a clock that is a year ahead, then one with the right clock. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'
import { describeWithProgram } from '../support/optional-program.ts'

const COMMAND = join(import.meta.dirname, '../../bin/signalbox.cjs')

describeWithProgram('faketime', 'a clock that was a year ahead', () => {
  it('does not swallow the alerts of the run after it', async () => {
    const root = makeProject(SOUND)
    const run = async (name: string, before: readonly string[]): Promise<string> => {
      const file = join(root, name)
      writeFileSync(file, '{"p_log_type":"Test.Log","action":"login","user":"ann"}\n')
      const [program, ...args] = [...before, process.execPath, COMMAND]
      const argv = [...args, 'run', '--project', root, '--from', `file:${file}`]
      const child = spawn(program!, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
      let complaints = ''
      child.stderr.on('data', (chunk: Buffer) => {
        complaints += chunk.toString()
      })
      await once(child, 'close')
      return complaints
    }
    expect(await run('in1', ['faketime', '-f', '+365d'])).toContain('1 created')
    expect(await run('in2', [])).toContain('1 created')
    expect(await run('in3', [])).toContain('1 merged')
  })
})
