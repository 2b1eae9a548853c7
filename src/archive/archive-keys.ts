/** Reads the keys of archives from a file: lines with an id and 32 bytes in base64. The first key encrypts new files. */
import { readFileSync } from 'node:fs'
import { messageOf, UserError } from '../errors.ts'
import { readableByOthers } from '../files/permissions.ts'

const KEY_BYTES = 32
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const HINT = 'each line is an id, a space and 32 bytes in base64: echo "key-1 $(openssl rand -base64 32)"'

export interface ArchiveKeys {
  readonly newest: { readonly id: string; readonly key: Buffer }
  readonly byId: ReadonlyMap<string, Buffer>
}

/** No message contains a part of a line. */
export function readArchiveKeys(path: string): ArchiveKeys {
  const text = textOf(path)
  if (readableByOthers([path]).length > 0)
    throw invalid(`other users can read the key file ${path}`, `chmod 600 ${path}`)
  const byId = new Map<string, Buffer>()
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [id = '', base64 = '', ...rest] = line.trim().split(/\s+/)
    const key = Buffer.from(base64, 'base64')
    if (!ID.test(id) || key.length !== KEY_BYTES || rest.length > 0 || byId.has(id))
      throw invalid(`line ${at + 1} of the key file ${path} is no key, or its id occurs twice`, HINT)
    byId.set(id, key)
  }
  const [newest] = byId
  if (newest === undefined) throw invalid(`the key file ${path} contains no key`, HINT)
  return { newest: { id: newest[0], key: newest[1] }, byId }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UserError(`cannot read the key file ${path}: ${messageOf(cause)}`, {
      code: 'invalid-archive-key',
      hint: 'check the path and its permissions',
      cause,
    })
  }
}

function invalid(message: string, hint: string): UserError {
  return new UserError(message, { code: 'invalid-archive-key', hint })
}
