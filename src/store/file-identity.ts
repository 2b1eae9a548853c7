/**
 * Checks whether the paths of an open database still lead to the files that were opened. On Linux SQLite continues with
 * a file that was removed or replaced: what is committed to it then is lost with the process.
 */
import { statSync } from 'node:fs'
import { messageOf, UserError } from '../errors.ts'

interface FileIdentity {
  /** Throws a UserError if a file is not the one that was opened, and on every later call. */
  check(): void
}

/** The journal, which holds commits that the database does not have yet, and the lock file of the daemon. */
const COMPANIONS = ['-wal', '-hold']

/**
 * @param path the path of a database that was just opened.
 * @param onLost is called once.
 */
export function watchFiles(path: string, location: string, onLost: (reason: string) => void): FileIdentity {
  /** A companion is known from the first check that finds it. */
  const known = new Map([[path, identityOf(path, location)]])
  let lost: UserError | null = null

  const find = (): UserError | null => {
    for (const file of [path, ...COMPANIONS.map((suffix) => `${path}${suffix}`)]) {
      const before = known.get(file) ?? null
      const now = identityOf(file, location)
      if (before === null && now !== null) known.set(file, now)
      if (before !== null && now !== before) return lostFile(location, file, now)
    }
    return null
  }

  return {
    check() {
      if (lost === null) {
        lost = find()
        if (lost !== null) onLost(lost.message)
      }
      if (lost !== null) throw lost
    },
  }
}

/**
 * The result is null if there is no file. Inodes of some file systems need more than 53 bits.
 * A path that cannot be examined may lead to the same file later: the error does not mean that the store is lost.
 */
function identityOf(file: string, location: string): string | null {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
    return stat ? `${stat.dev}:${stat.ino}` : null
  } catch (cause) {
    throw new UserError(`the store ${location} cannot be examined: ${messageOf(cause)}`, {
      code: 'inaccessible-store',
      hint: 'check the permissions of the folders above it',
      cause,
    })
  }
}

function lostFile(location: string, file: string, now: string | null): UserError {
  return new UserError(
    `the store ${location} was lost: ${file} was ${now === null ? 'removed' : 'replaced'}`,
    {
      code: 'lost-store',
      hint: 'stop the daemon before files of its store are moved; move -wal and -shm files along with their database',
    },
  )
}
