/**
 * The codes of the errors that an author or operator can fix. A code is stable, the wording of a message is not.
 * `npm run docs:errors` writes docs/reference/error-codes.md from this list.
 */

export interface ErrorExplanation {
  /** What is wrong, in one sentence. */
  readonly cause: string
  /** What helps, in one sentence in the imperative. */
  readonly fix: string
}

export const ERROR_CODES = {
  // cli
  'unknown-command': {
    cause: 'The command line names a command that does not exist, or an option stands before the command.',
    fix: 'Run `signalbox --help` for the commands, and write options after the command.',
  },
  // config, files
  // packages
  // engine
  // store
  // sources, server, daemon
  // routing, workspace, destinations
} as const satisfies Readonly<Record<string, ErrorExplanation>>

export type UserErrorCode = keyof typeof ERROR_CODES
