/** Reads the Python file that a spec names. A body lies in the project or beside its spec, links followed. */
import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { nearest } from '../adapters.ts'
import type { PythonSource } from '../model/detection.ts'
import { isWithin, projectPath } from './discover.ts'
import type { ProblemList } from './problems.ts'
import { readText } from './source-text.ts'
import type { Spec } from './spec.ts'
import { child } from './yaml.ts'

/** null: the spec names none, or the problem is reported. */
export function readBody(spec: Spec, root: string, problems: ProblemList): PythonSource | null {
  const filename = spec.value.Filename
  if (typeof filename !== 'string') return null
  const folder = dirname(spec.path)
  const path = resolve(folder, filename)
  const fail = (code: string, message: string, hint: string | null = null) => {
    problems.error(spec.source, child(spec.node, 'Filename')!.offset, { code, message, hint })
    return null
  }
  if (!existsSync(path)) {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
    if (isLink) return fail('broken-link', `the file ${filename} is a link that leads nowhere, or to itself`)
    return fail('missing-body', `the file ${filename} does not exist`, nearFile(path))
  }
  const real = realpathSync.native(path)
  // Where the folders themselves are links, what they lead to counts.
  const allowed = [root, folder]
  const stays =
    allowed.some((each) => isWithin(each, real)) ||
    allowed.some((each) => isWithin(realpathSync.native(each), real))
  if (!stays) {
    return fail('outside-project', `the file ${filename} lies outside the project`)
  }
  const read = readText(real)
  if (!('text' in read)) return fail(read.code, `the file ${filename} ${read.reason}`)
  return { path: projectPath(root, path), source: read.text }
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
