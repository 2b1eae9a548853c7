/** Finds the unit tests of helpers and data models: Python files beside them, by their names. */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DataModel, Helper, PythonSource } from '../../model/project/detection.ts'
import { projectPath } from '../files/discover.ts'
import type { ProblemList } from '../files/problems.ts'
import { readText } from '../files/source-text.ts'

const NAME = /^(?:test_.*|.*_test)\.py$/

/** The unit tests, sorted by path. A body is never a test, whatever its name. */
export function findUnitTests(
  project: { readonly root: string; readonly folders: readonly string[] },
  shared: readonly (Helper | DataModel)[],
  problems: ProblemList,
): PythonSource[] {
  const bodies = new Set(shared.flatMap(({ body }) => (body ? [body.path] : [])))
  const folders = new Set(shared.map(({ location }) => dirname(join(project.root, location.file))))
  const found = [...folders].flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && NAME.test(entry.name))
      .map(({ name }) => join(folder, name)),
  )
  return found.toSorted().flatMap((file) => {
    const path = projectPath(project.root, file)
    if (bodies.has(path)) return []
    const read = readText(file, project.folders)
    if ('text' in read) return [{ path, source: read.text }]
    problems.file('error', path, { code: read.code, message: `the file ${read.reason}`, keepsFile: true })
    return []
  })
}
