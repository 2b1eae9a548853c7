/** The id of the host, which the cursors of its files hold: two hosts can have different files at one path. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { messageOf, UserError } from '../errors.ts'
import { createOutput, PRIVATE_FILE, PRIVATE_FOLDER } from '../files/output-file.ts'
import { readProjectText } from '../files/project-file.ts'
import { HOST_ID, HOST_ID_FORM } from '../model/project/settings.ts'
import type { Store } from '../store/store.ts'

const HOST_ID_FILE = '.signalbox/host-id'
const MAX_FILE_BYTES = 1_000

interface HostIdOptions {
  /** The id of the settings; null if they have none. */
  readonly given: string | null
  readonly projectRoot: string
  readonly store: Pick<Store, 'isShared' | 'location'>
}

/**
 * Returns the given id, else the kept one, which the first start creates. If it cannot be kept, a shared store is refused:
 * an id that changes at each start would read every file again. A store of one host takes its cursors over.
 */
export function hostIdOf({ given, projectRoot, store }: HostIdOptions): string {
  if (given !== null) return given
  if (store.location.startsWith('memory:')) return randomUUID()
  const path = join(projectRoot, HOST_ID_FILE)
  try {
    return readHostId(path, projectRoot) ?? createHostId(path, projectRoot)
  } catch (cause) {
    if (!store.isShared) return randomUUID()
    throw new UserError(`cannot keep the id of this host in ${path}: ${messageOf(cause)}`, {
      code: 'unwritable-host-id',
      hint: 'set SIGNALBOX_HOST_ID to a name that no other host has',
      cause,
    })
  }
}

function createHostId(path: string, projectRoot: string): string {
  const id = randomUUID()
  const limits = { folders: [projectRoot], mode: PRIVATE_FILE, folderMode: PRIVATE_FOLDER }
  if (createOutput(path, `${id}\n`, limits)) return id
  throw new UserError('something else lies there', { code: 'unwritable-host-id' })
}

function readHostId(path: string, projectRoot: string): string | null {
  const id = readProjectText(path, { folders: [projectRoot], maxBytes: MAX_FILE_BYTES })?.trim()
  if (id === undefined || HOST_ID.test(id)) return id ?? null
  throw new UserError(`the file holds something else than ${HOST_ID_FORM}`, { code: 'unwritable-host-id' })
}
