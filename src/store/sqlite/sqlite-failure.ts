/** Translates SQLite errors for the operator. An error that the operator cannot fix is a Bug. */
import { Bug, UserError } from '../../errors.ts'

interface SqliteError extends Error {
  readonly errcode: number
}

/** The texts by primary result code. */
const MEANINGS: Readonly<Record<number, { text: string; hint: string }>> = {
  5: { text: 'is busy', hint: 'try again: another process keeps writing to it' },
  6: { text: 'is locked', hint: 'try again: another process keeps writing to it' },
  8: { text: 'cannot be written', hint: 'check the permissions of the file and of its folder' },
  10: { text: 'cannot be read or written: the disk reports an error', hint: 'check the disk' },
  11: {
    text: 'is damaged',
    hint: 'move it away with its -wal file, then restore a backup or start with an empty store',
  },
  13: { text: 'cannot grow: the disk is full', hint: 'free some space; no partial write was kept' },
  14: { text: 'cannot be opened', hint: 'check that the path is a file that may be read and written' },
  26: { text: 'is not a store: the file is not an SQLite database', hint: 'name another file' },
}

export function sqliteFailure(error: unknown, location: string): unknown {
  if (!isSqliteError(error)) return error
  const meaning = MEANINGS[error.errcode & 0xff]
  if (!meaning)
    return new Bug(`the store ${location} refused a statement: ${error.message}`, { cause: error })
  return new UserError(`the store ${location} ${meaning.text}`, {
    code: 'inaccessible-store',
    hint: meaning.hint,
    cause: error,
  })
}

/** True if another process holds the lock, by the code of the error. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === 5
}

/** True if the disk reported an error, by the code of the error. */
export function isDiskFailure(errcode: number): boolean {
  return (errcode & 0xff) === 10
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}
