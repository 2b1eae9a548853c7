/** A project of which nothing changed but what some of its Python files say. */
import { join } from 'node:path'
import type { PythonSource } from '../model/project/detection.ts'
import type { Project } from '../model/project/project.ts'
import { readText } from './files/source-text.ts'

/**
 * null: more than that may have changed, and the whole is to be loaded. Versions stay as they were: nothing that only
 * tests asks for them.
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

/** What is no file of the project is for the loader to judge. */
function textWithin(root: string, path: string): string | null {
  const read = readText(join(root, path), [root])
  return 'text' in read ? read.text : null
}
