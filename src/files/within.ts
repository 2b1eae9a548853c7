/** Whether one path lies in the folder of another. It compares names and follows no link. */
import { isAbsolute, relative, sep } from 'node:path'

export function isWithin(folder: string, path: string): boolean {
  const fromFolder = relative(folder, path)
  return (
    fromFolder === '' ||
    (fromFolder !== '..' && !fromFolder.startsWith(`..${sep}`) && !isAbsolute(fromFolder))
  )
}
