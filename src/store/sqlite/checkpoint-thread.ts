/**
 * CHECKPOINT THREAD. Copies the write-ahead log of SQLite into the database over a connection of its own, so that the
 * syncs of a checkpoint block no event loop.
 */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** `copy` copies what is committed. `restart` also begins the log again at its start; nothing may be written meanwhile. */
export type CheckpointRequest = 'copy' | 'restart'

export interface CheckpointReply {
  /** False if a reader still needs the log. */
  readonly isComplete: boolean
  /** null if SQLite reported no error. */
  readonly failure: { readonly message: string; readonly errcode: number } | null
}

const { path } = workerData as { readonly path: string }
let database: DatabaseSync | null = null

parentPort!.on('message', (request: CheckpointRequest) => {
  parentPort!.postMessage(answer(request))
})

function answer(request: CheckpointRequest): CheckpointReply {
  try {
    database ??= open()
    const isComplete = copyLog(database)
    if (isComplete && request === 'restart') restartLog(database)
    return { isComplete, failure: null }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
    return { isComplete: false, failure: { message, errcode } }
  }
}

function open(): DatabaseSync {
  const opened = new DatabaseSync(path, { timeout: 0 })
  opened.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
  return opened
}

function copyLog(connection: DatabaseSync): boolean {
  const result = connection.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()!
  return result.busy === 0 && result.log === result.checkpointed
}

/** The first write after a complete checkpoint begins the log again, and syncs its new header. This write changes nothing. */
function restartLog(connection: DatabaseSync): void {
  const version = Number(connection.prepare('PRAGMA user_version').get()!.user_version)
  connection.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${version}; COMMIT`)
}
