/** Which file of a kind is used. The settings of a project cannot name one outside the project; its user can. */
import { resolve } from 'node:path'
import { hasEntry } from '../../files/path-kind.ts'
import { foldersFor } from '../../files/project-file.ts'
import { projectPath } from './discover.ts'

interface FileChoice {
  /** The value of the flag. */
  readonly flag: string | undefined
  /** The value of the variable; empty is absent. */
  readonly variable: string | undefined
  /** The setting of signalbox.yaml; null: it names none. */
  readonly declared: string | null
}

export interface DeclaredFile {
  readonly path: string
  /** The path that problems show. */
  readonly file: string
  readonly folders: readonly string[] | null
  /** False: it is the default file, and there is none. */
  readonly isDeclared: boolean
}

export function locateFile(
  root: string,
  defaultName: string,
  { flag, variable, declared }: FileChoice,
): DeclaredFile {
  const byUser = flag ?? (variable || undefined)
  const asked = byUser ?? declared
  const path = resolve(root, asked ?? defaultName)
  return {
    path,
    file: projectPath(root, path),
    folders: byUser === undefined ? [root] : foldersFor(root, path),
    isDeclared: asked !== null || hasEntry(path),
  }
}
