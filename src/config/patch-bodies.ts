/** Replaces the Python bodies of a loaded project whose files changed. */
import { join } from 'node:path'
import type { PythonSource } from '../model/project/detection.ts'
import type { Project } from '../model/project/project.ts'
import { readText } from './files/source-text.ts'

/**
 * null: more than bodies may have changed, and the project must be loaded again. Versions stay as they were, because
 * tests do not read them.
 * @param paths relative to the root, of the files that changed.
 */
export function patchBodies(project: Project, paths: readonly string[]): Project | null {
  const { detections, helpers, dataModels, unitTests } = project
  const bodies = [...detections.values(), ...helpers, ...dataModels].flatMap(({ body }) => body ?? [])
  const known = new Set([...bodies, ...unitTests].map(({ path }) => path))
  const newer = new Map<string, PythonSource>()
  for (const path of paths) {
    const source = known.has(path) ? textWithin(project.root, path) : null
    if (source === null) return null
    newer.set(path, { path, source })
  }
  const current = <T extends { readonly body: PythonSource | null }>(each: T): T => {
    const body = each.body && newer.get(each.body.path)
    return body ? { ...each, body } : each
  }
  return {
    ...project,
    detections: new Map([...detections].map(([id, detection]) => [id, current(detection)])),
    helpers: helpers.map(current),
    dataModels: dataModels.map(current),
    unitTests: unitTests.map((file) => newer.get(file.path) ?? file),
  }
}

/** null: the file is not a readable file of the project, so the loader must decide. */
function textWithin(root: string, path: string): string | null {
  const read = readText(join(root, path), [root])
  return 'text' in read ? read.text : null
}
