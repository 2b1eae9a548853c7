/** Reads the Python file that a spec names. A body lies in the project, links followed. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { nearest } from '../../core/did-you-mean.ts'
import type { PythonSource } from '../../model/project/detection.ts'
import { projectPath } from '../files/discover.ts'
import type { ProblemList } from '../files/problems.ts'
import { readText } from '../files/source-text.ts'
import { child } from '../yaml/yaml.ts'
import type { Spec } from './spec.ts'

/** Returns the absolute path of the file that a spec names; null: it names none. */
export function bodyPath({ path, value }: Spec): string | null {
  return typeof value.Filename === 'string' ? resolve(dirname(path), value.Filename) : null
}

/** null: the spec names none, or the problem is reported. */
export function readBody(
  spec: Spec,
  { root, folders }: { readonly root: string; readonly folders: readonly string[] },
  problems: ProblemList,
): PythonSource | null {
  const path = bodyPath(spec)
  if (path === null) return null
  const read = readText(path, folders)
  if ('text' in read) return { path: projectPath(root, path), source: read.text }
  const isMissing = read.code === 'missing-file'
  problems.error(spec.source, child(spec.node, 'Filename')!.offset, {
    code: isMissing ? 'missing-body' : read.code,
    message: `the file ${String(spec.value.Filename)} ${read.reason}`,
    hint: isMissing ? nearFile(path) : null,
  })
  return null
}

function nearFile(path: string): string | null {
  const folder = dirname(path)
  if (!existsSync(folder)) return null
  const near = nearest(
    path.slice(folder.length + 1),
    readdirSync(folder).filter((name) => name.endsWith('.py')),
  )
  return near ? `did you mean "${near}"?` : null
}
