/** Says what an SQLite error means for the operator; what the operator can't mend is our bug. */
import { Bug, UserError } from '../../errors.ts'

interface SqliteError extends Error {
  readonly errcode: number
}

/** By primary result code. */
const MEANINGS: Readonly<Record<number, { says: string; hint: string }>> = {
  5: { says: 'is busy', hint: 'another process keeps writing to it; try again' },
  6: { says: 'is locked', hint: 'another process keeps writing to it; try again' },
  8: { says: 'cannot be written', hint: 'check the permissions of the file and of its folder' },
  10: { says: 'cannot be read or written: the disk reports an error', hint: 'check the disk' },
  11: { says: 'is damaged', hint: 'move it away with its -wal file, and restore a backup or start anew' },
  13: { says: 'cannot grow: the disk is full', hint: 'free some space; nothing half-written was kept' },
  14: { says: 'cannot be opened', hint: 'check that the path is a file that may be read and written' },
  26: { says: 'is not a store: the file is no SQLite database', hint: 'name another file with --store' },
}

export function sqliteFailure(error: unknown, location: string): unknown {
  if (!isSqliteError(error)) return error
  const meaning = MEANINGS[error.errcode & 0xff]
  if (!meaning)
    return new Bug(`the store ${location} refused a statement: ${error.message}`, { cause: error })
  return new UserError(`the store ${location} ${meaning.says}`, { hint: meaning.hint, cause: error })
}

/** The lock is someone else's: told by the code, whatever the message. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === 5
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}
