/** The token that posts must bear, read anew for each request, so that a rotated one needs no restart. */
import { readFileSync } from 'node:fs'
import { messageOf, UserError } from '../errors.ts'

/** Undefined without a file. A file that can't serve is refused at once: it would refuse every post, or none. */
export function openToken(file: string | undefined): (() => string) | undefined {
  if (file === undefined) return undefined
  const read = () => readFileSync(file, 'utf8').trim()
  if (firstRead(file, read) === '') {
    throw new UserError(`the token file ${file} is empty`, { hint: 'write a long random text into it' })
  }
  return read
}

function firstRead(file: string, read: () => string): string {
  try {
    return read()
  } catch (cause) {
    throw new UserError(`the token file ${file} can't be read: ${messageOf(cause)}`, { cause })
  }
}
