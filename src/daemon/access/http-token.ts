/** Reads the token of posts for every request, so that a rotated token needs no restart. */
import { readFileSync } from 'node:fs'
import { messageOf, UserError } from '../../errors.ts'

/** Undefined without a file. An unreadable or empty file is an error at the start: every post would be refused. */
export function openToken(file: string | undefined): (() => string) | undefined {
  if (file === undefined) return undefined
  const read = () => readFileSync(file, 'utf8').trim()
  if (firstRead(file, read) === '') {
    throw new UserError(`the token file ${file} is empty`, {
      code: 'invalid-token-file',
      hint: 'write a long random text into it',
    })
  }
  return read
}

function firstRead(file: string, read: () => string): string {
  try {
    return read()
  } catch (cause) {
    throw new UserError(`the token file ${file} cannot be read: ${messageOf(cause)}`, {
      code: 'invalid-token-file',
      hint: 'correct the path or its permissions',
      cause,
    })
  }
}
