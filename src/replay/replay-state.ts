/** The folder of a replay that can be resumed: its stores, and what it replays. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UserError } from '../errors.ts'

const IDENTITY_FILE = 'replay.json'

export interface ReplayState {
  /** The URL of the store of a revision. */
  storeUrl(revision: 'after' | 'before'): string
  /** Removes the folder; a replay that was interrupted keeps the folder that the user has named. */
  remove(isComplete: boolean): void
}

/**
 * @param folder null: a temporary folder, which is always removed.
 * @param identity what is replayed: a folder of another replay is rejected.
 */
export function openReplayState(folder: string | null, identity: unknown): ReplayState {
  const path = folder === null ? mkdtempSync(join(tmpdir(), 'signalbox-replay-')) : resolve(folder)
  if (folder !== null) claimFolder(path, createHash('sha256').update(JSON.stringify(identity)).digest('hex'))
  return {
    storeUrl: (revision) => `sqlite:${join(path, `${revision}.db`)}`,
    remove: (isComplete) => {
      if (folder === null || isComplete) rmSync(path, { recursive: true, force: true })
    },
  }
}

/** A replay removes the folder at its end, so it accepts only a folder that it has made itself. */
function claimFolder(path: string, hash: string): void {
  const isNew = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined
  const file = join(path, IDENTITY_FILE)
  if (isNew) {
    writeFileSync(file, JSON.stringify({ version: 1, replay: hash }), { mode: 0o600 })
    return
  }
  if (identityIn(file) === hash) return
  throw new UserError(`${path} is not the folder of this replay`, {
    code: 'conflicting-options',
    hint: 'name a folder that does not exist with --state, or repeat the command with the same files, project and options',
  })
}

function identityIn(file: string): unknown {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { replay?: unknown }).replay
  } catch {
    return null
  }
}
