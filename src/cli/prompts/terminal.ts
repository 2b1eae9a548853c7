/** Whoever can be asked: what draws the questions is loaded only then. */
import { UserError } from '../../errors.ts'
import type { Io } from '../command/command.ts'
import type { Prompter } from './prompts.ts'

/** @param otherwise what to say where there is no terminal. */
export async function terminal(io: Io, otherwise: string): Promise<Prompter> {
  const isTerminal = [io.stdin, io.stderr].every((stream) => 'isTTY' in stream && stream.isTTY === true)
  if (!isTerminal) throw new UserError(otherwise)
  return (await import('./prompts.ts')).asking(io)
}
