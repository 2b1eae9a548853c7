/** The process of `run` has flags for a long life, and the process of a short command has none. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { LONG_LIVED } from '../../bin/node-runtime.cjs'
import { runCommand } from '../support/process.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-long-lived-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The flags of Node at each start of the process, first to last. */
async function starts(args: readonly string[], chosen = ''): Promise<string[][]> {
  const output = join(folder, `${args[0]}${chosen}.ndjson`)
  const preload = join(folder, 'preload.cjs')
  writeFileSync(
    preload,
    `const { isMainThread } = require('node:worker_threads')
     const said = JSON.stringify(process.execArgv) + '\\n'
     if (isMainThread) require('node:fs').appendFileSync(process.env.OUTPUT_FILE, said)`,
  )
  const { code, err } = await runCommand([...args, '--project', makeProject(SOUND)], '', {
    NODE_OPTIONS: `--require "${preload}" ${chosen}`,
    OUTPUT_FILE: output,
  })
  expect(err).not.toContain('Warning')
  expect(code).toBe(0)
  return readFileSync(output, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string[])
}

const RUN = ['run', '--from', 'stdin', '--store', 'memory:']

it('run replaces its process by one with the flags for a long life', async () => {
  expect(await starts(RUN)).toEqual([[], LONG_LIVED])
})
it.each(['--max-semi-space-size=32', '--max_semi_space_size=32'])(
  'run keeps the size that the user has chosen: %s',
  async (chosen) => {
    expect(await starts(RUN, chosen)).toEqual([[]])
  },
)
it('a short command does not replace its process', async () => {
  expect(await starts(['test'])).toEqual([[]])
})
