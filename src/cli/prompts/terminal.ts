/** Creates the prompts if there is a terminal. The library that draws them is loaded only then. */
import { UserError } from '../../errors.ts'
import type { Io } from '../command/command.ts'
import type { Prompter } from './prompts.ts'

/** @param withoutTerminal the message of the error if there is no terminal. */
export async function requirePrompter(io: Io, withoutTerminal: string): Promise<Prompter> {
  const isTerminal = [io.stdin, io.stderr].every((stream) => 'isTTY' in stream && stream.isTTY === true)
  if (!isTerminal) throw new UserError(withoutTerminal, { code: 'missing-terminal' })
  return (await import('./prompts.ts')).createPrompter(io)
}
