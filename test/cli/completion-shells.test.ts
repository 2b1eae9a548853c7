/** The completion scripts in the shells themselves: a person types a beginning and presses Tab. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type IPty, spawn } from '@lydell/node-pty'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { describeWithProgram } from '../support/optional-program.ts'
import { COMMAND, commandEnvironment } from '../support/process.ts'
import { until } from '../support/until.ts'
import { signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

/** How each shell is started without the user's own files, and how it reads a script. */
const SHELLS = [
  ['bash', ['--norc', '--noprofile', '-i'], (script: string) => `source ${script}`],
  ['zsh', ['-f', '-i'], (script: string) => `autoload -Uz compinit; compinit -u -D; source ${script}`],
  ['fish', ['--no-config', '-i'], (script: string) => `source ${script}`],
] as const

let project: string
let folder: string
let running: IPty | undefined

beforeAll(() => {
  project = makeProject(SOUND)
  folder = mkdtempSync(join(tmpdir(), 'signalbox-shell-'))
  const command = join(folder, 'signalbox')
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`)
  chmodSync(command, 0o755)
})
afterEach(() => running?.kill())

describe.each(SHELLS)('%s', (shell, argv, source) => {
  describeWithProgram(shell, 'completes', () => {
    it.each([
      ['a command', 'signalbox valid', 'validate'],
      ['a command below a word', 'signalbox alerts unm', 'unmute'],
      ['an option', 'signalbox test --show-f', '--show-failures-only'],
      ['a value of an option from the project', 'signalbox explain --detection Test.Log', 'Test.Login'],
      ['a value of an option from a list', 'signalbox validate --format js', 'json'],
      ['the scheme of a source', 'signalbox run --from std', 'stdin'],
      ['a value of an argument from the project', 'signalbox destinations edit arch', 'archive'],
      ['a word of an argument', 'signalbox new data', 'data-model'],
    ])('%s', async (_, typed, expected) => {
      const script = join(folder, `script.${shell}`)
      writeFileSync(script, (await signalbox(['completion', shell])).out)
      const path = `${folder}${delimiter}${process.env.PATH}`
      const env = { ...commandEnvironment({ TERM: 'xterm-256color', PATH: path, HOME: folder }), PS1: '$ ' }
      const pty = spawn(shell, [...argv], { cols: 200, rows: 40, cwd: project, env })
      running = pty
      let raw = ''
      pty.onData((data) => (raw += data))
      const shown = () => stripVTControlCharacters(raw)
      pty.write(`${source(script)}; echo rea''dy\r`)
      await until(() => shown().includes('ready'), { what: `a prompt of ${shell}` })
      pty.write(`${typed}\t`)
      const completed = () => shown().split('ready').at(-1)!.includes(expected)
      await until(completed, { what: expected }).catch((cause: unknown) => {
        throw new Error(`it shows\n${shown()}`, { cause })
      })
      expect(shown()).not.toMatch(/not found|error/i)
    })
  })
})
