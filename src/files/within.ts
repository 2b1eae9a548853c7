/** Whether one path lies in the folder of another. It compares names and follows no link. */
import { isAbsolute, relative, sep } from 'node:path'

export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}
