/** Which files of a project name a destination, and the change of that name in those that a machine may change. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { sideFilesOf } from '../config/discover.ts'
import { replaceItems } from '../config/yaml-edits.ts'
import type { Destination } from '../model/destination.ts'
import type { Detection, PythonSource } from '../model/detection.ts'
import type { Project } from '../model/project.ts'
import { replaceFile } from './registry-file.ts'

export interface Naming {
  /** Of the detection, or of the helper. */
  readonly id: string
  readonly file: string
  /** `body`: the name stands in the Python as a text; only a person can tell what for. */
  readonly by: 'OutputIds' | 'ExpectedDestinations' | 'body'
}

/** By name and by id. */
export function namingsOf(project: Project, { name, id }: Pick<Destination, 'name' | 'id'>): Naming[] {
  const names = id === null ? [name] : [name, id]
  const helpers = project.helpers.map((helper) => ({ id: helper.id, body: helper.body }))
  return [
    ...[...project.detections.values()].flatMap((detection) => inMetadata(detection, names)),
    ...[...project.detections.values(), ...helpers].flatMap((owner) => inBody(owner, names)),
  ]
}

function inMetadata(detection: Detection, names: readonly string[]): Naming[] {
  const { id, place, spec, tests } = detection
  const listed = (spec.OutputIds ?? []) as readonly unknown[]
  const expected = tests.flatMap(({ expectations }) => expectations.ExpectedDestinations ?? [])
  const isNamed = (list: readonly unknown[]) => names.some((name) => list.includes(name))
  return [
    ...(isNamed(listed) ? [{ id, file: place.file, by: 'OutputIds' as const }] : []),
    ...(isNamed(expected) ? [{ id, file: place.file, by: 'ExpectedDestinations' as const }] : []),
  ]
}

function inBody(
  owner: { readonly id: string; readonly body: PythonSource | null },
  names: readonly string[],
): Naming[] {
  const { id, body } = owner
  if (!body) return []
  const quoted = names.flatMap((name) => [`"${name}"`, `'${name}'`])
  return quoted.some((text) => body.source.includes(text)) ? [{ id, file: body.path, by: 'body' }] : []
}

/** Writes the new name into `OutputIds` and `ExpectedDestinations`, side files included. Returns the files it changed. */
export function renameInDetections({ root, detections }: Project, from: string, to: string): string[] {
  const specs = new Set([...detections.values()].map(({ place }) => place.file))
  return [...specs]
    .flatMap((file) => [file, ...sideFilesOf(file)])
    .filter((file) => changeFile(resolve(root, file), from, to))
}

function changeFile(path: string, from: string, to: string): boolean {
  if (!existsSync(path)) return false
  const text = readFileSync(path, 'utf8')
  if (!text.includes(from)) return false
  const changed = replaceItems(text, ['OutputIds', 'ExpectedDestinations'], from, to)
  if (changed.count > 0) replaceFile(path, changed.text)
  return changed.count > 0
}
