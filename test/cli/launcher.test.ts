/** On a Node that is too old, the command starts another Node, which ends with the command. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommand } from '../support/process.ts'
import { until } from '../support/until.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const COMMAND = join(import.meta.dirname, '../../bin/signalbox.cjs')

it('a daemon ends in order when the process that started it is killed', async () => {
  const root = makeProject({ ...SOUND, 'in.ndjson': '' })
  const old = join(root, 'old-node.cjs')
  // Only the first process has the version of an old Node.
  writeFileSync(
    old,
    `if (process.env.SIGNALBOX_LAUNCHED === undefined && process.env.FIRST === String(process.ppid)) {
       Object.defineProperty(process.versions, 'node', { value: '20.0.0' })
       process.execPath = '/opt/old/node'
     }`,
  )
  const argv = [
    'run',
    '--project',
    root,
    '--store',
    'memory:',
    '--from',
    `file:${join(root, 'in.ndjson')}?follow=true`,
  ]
  const launcher = spawn(process.execPath, ['--require', old, COMMAND, ...argv], {
    env: { ...process.env, FIRST: String(process.pid) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  let hasEnded = false
  launcher.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  // The daemon is the last writer, so the pipe closes when it ends.
  launcher.stderr.on('close', () => {
    hasEnded = true
  })
  await until(() => complaints.includes(', from '))
  launcher.kill('SIGKILL')
  await until(() => hasEnded, { what: 'the daemon has ended' })
  expect(complaints).toMatch(/events {6}0 accepted/)
})

it("only Node's warning about SQLite is suppressed", async () => {
  const folder = makeProject({
    'warn.cjs': `setImmediate(() => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
      process.emitWarning('a warning of another kind')
    })`,
  })
  const { code, err } = await runCommand(['schema', '--project', folder], '', {
    NODE_OPTIONS: `--require "${join(folder, 'warn.cjs')}"`,
  })
  expect(code).toBe(0)
  expect(err).toContain('a warning of another kind')
  expect(err).not.toContain('SQLite')
})
