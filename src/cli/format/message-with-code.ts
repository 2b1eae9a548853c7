/** The message of an error for the user with its code, as the command and `watch` print it. Pure. */
import type { UserError } from '../../errors.ts'

/** The code follows the first line, because the lines after it can be a list. */
export function messageWithCode({ message, code }: Pick<UserError, 'message' | 'code'>): string {
  return code === undefined ? message : message.replace(/$/m, () => ` [${code}]`)
}
