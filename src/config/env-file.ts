/** The one reader of the process's environment, with an optional `.env` file below it. */
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { UserError } from '../errors.ts'
import { readText } from './source-text.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the process has wins over the file, as with Node's own `--env-file`. */
export function processEnvironment(envFile?: string): Environment {
  if (envFile === undefined) return { ...process.env }
  const read = readText(resolve(envFile))
  if (!('text' in read)) throw new UserError(`the env file ${envFile} ${read.reason}`)
  return { ...parseEnv(read.text), ...process.env }
}

/** The package index that `python add` asks. */
export function pythonIndex({ SIGNALBOX_PYTHON_INDEX }: Environment): string {
  return SIGNALBOX_PYTHON_INDEX || 'https://pypi.org/simple/'
}

/** Where prepared interpreters are kept: the user's cache folder, never the repository. */
export function imageFolder(environment: Environment): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = environment
  const cache =
    process.platform === 'win32' && LOCALAPPDATA
      ? LOCALAPPDATA
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)
          ? XDG_CACHE_HOME
          : join(homedir(), '.cache')
  return join(cache, 'signalbox', 'images')
}
