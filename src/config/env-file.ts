/** The one reader of the process's environment, with an optional `.env` file below it. */
import { resolve } from 'node:path'
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
