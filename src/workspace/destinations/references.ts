/** Where a project names a destination, and the change of that name where a machine may change it. */
import { resolve } from 'node:path'
import { expectationsFilesOf } from '../../config/files/discover.ts'
import { readText } from '../../config/files/source-text.ts'
import { replaceItems } from '../../config/yaml/yaml-edits.ts'
import { writeThroughLink } from '../../files/output-file.ts'
import { literalsOf, type ProjectFacts, undecidedLocations } from '../../model/events/facts.ts'
import type { Destination } from '../../model/project/destination.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { Project } from '../../model/project/project.ts'

export interface DestinationReference {
  readonly file: string
  readonly line: number
  /** `destinations()`: a text that it can return, wherever that stands. */
  readonly by: 'OutputIds' | 'ExpectedDestinations' | 'destinations()'
  /** Ids of the detections that it is for. */
  readonly ids: readonly string[]
}

/** By name and by id; what is alike for several detections once. */
export function referencesTo(
  project: Project,
  facts: ProjectFacts,
  { name, id }: Pick<Destination, 'name' | 'id'>,
): DestinationReference[] {
  const names = id === null ? [name] : [name, id]
  const all = [...project.detections.values()]
  const found = [
    ...all.flatMap((detection) => inMetadata(detection, names, project)),
    ...all.flatMap((detection) => inPython(detection, facts, names)),
  ]
  const alike = Map.groupBy(found, ({ file, line, by }) => `${file}:${line} ${by}`)
  return [...alike.values()].map((each) => ({ ...each[0]!, ids: each.flatMap(({ ids }) => ids) }))
}

/** Ids of the detections whose `destinations()` may name more than its text tells. */
export function withDynamicDestinations({ detections }: Project, facts: ProjectFacts): string[] {
  return [...detections.values()].flatMap(({ id, body }) => {
    const own = facts.detections.get(id)
    const returns = own?.returns.destinations
    const isUntold = own ? returns !== undefined && undecidedLocations(returns).length > 0 : body !== null
    return isUntold ? [id] : []
  })
}

function inMetadata(
  { id, place, spec, tests }: Detection,
  names: readonly string[],
  project: Project,
): DestinationReference[] {
  const isNamed = (list: unknown) => Array.isArray(list) && names.some((name) => list.includes(name))
  const expected = tests.find(({ expectations }) => isNamed(expectations.ExpectedDestinations))
  return [
    ...(isNamed(spec.OutputIds)
      ? [
          {
            file: place.file,
            line: lineOfOutputIds(project, place.file),
            by: 'OutputIds',
            ids: [id],
          } as const,
        ]
      : []),
    ...(expected
      ? [
          {
            file: expected.place.file,
            line: expected.place.line,
            by: 'ExpectedDestinations',
            ids: [id],
          } as const,
        ]
      : []),
  ]
}

/** 1 where a base's stand in another file. */
function lineOfOutputIds(project: Project, file: string): number {
  const lines = textOf(project, file).split('\n')
  return (
    1 +
    Math.max(
      0,
      lines.findIndex((line) => /^OutputIds\s*:/.test(line)),
    )
  )
}

/** Constants and helpers are followed: the text may stand in another file than the body. */
function inPython({ id }: Detection, facts: ProjectFacts, names: readonly string[]): DestinationReference[] {
  const returns = facts.detections.get(id)?.returns.destinations
  return (returns ? literalsOf(returns) : [])
    .filter(({ value }) => names.includes(value))
    .map(({ place: { file, line } }) => ({ file, line, by: 'destinations()', ids: [id] }))
}

/** Writes the new name into `OutputIds` and `ExpectedDestinations`, side files included. Returns the files it changed. */
export function renameInDetections(project: Project, from: string, to: string): string[] {
  const specs = new Set([...project.detections.values()].map(({ place }) => place.file))
  return [...specs]
    .flatMap((file) => [file, ...expectationsFilesOf(file)])
    .filter((file) => changeFile(project, file, from, to))
}

function changeFile(project: Project, file: string, from: string, to: string): boolean {
  const text = textOf(project, file)
  if (!text.includes(from)) return false
  const changed = replaceItems(text, ['OutputIds', 'ExpectedDestinations'], from, to)
  if (changed.count > 0) {
    writeThroughLink(resolve(project.root, file), changed.text, { folders: project.folders })
  }
  return changed.count > 0
}

/** Empty where there is no such file. */
function textOf({ root, folders }: Project, file: string): string {
  const read = readText(resolve(root, file), folders)
  return 'text' in read ? read.text : ''
}
