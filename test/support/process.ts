/** Runs the real command as a process of its own, as a user would. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'signalbox.cjs')

/**
 * The environment of a process under test: the folders of this run (`run-folder.ts`), and nothing else of the user's
 * but `PATH`.
 */
export function commandEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const { PATH = '', HOME = '', XDG_CACHE_HOME = '', TMPDIR = '' } = process.env
  return { PATH, HOME, XDG_CACHE_HOME, TMPDIR, ...more }
}

/** A command that runs until the test ends it. */
export interface Running {
  /** Resolves with its exit code, null where the signal ended it. */
  kill(signal: NodeJS.Signals): Promise<number | null>
}

export function startCommand(args: readonly string[], environment: Record<string, string> = {}): Running {
  const env = commandEnvironment(environment)
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return {
    kill(signal) {
      child.kill(signal)
      return ended
    },
  }
}

/** @param input the content of its standard input. */
export function runCommand(
  args: readonly string[],
  input = '',
  environment: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], { env: commandEnvironment(environment) })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}
