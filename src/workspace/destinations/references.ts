/** Finds the references of a project to a destination, and renames it in YAML files. */
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
  /** `destinations()` means a text that the function can return, in whatever file the text is. */
  readonly by: 'OutputIds' | 'ExpectedDestinations' | 'destinations()'
  /** The ids of the detections that the reference belongs to. */
  readonly ids: readonly string[]
}

/** Finds references by name and by id. A reference that several detections share is listed once. */
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
  const byLocation = Map.groupBy(found, ({ file, line, by }) => `${file}:${line} ${by}`)
  return [...byLocation.values()].map((each) => ({ ...each[0]!, ids: each.flatMap(({ ids }) => ids) }))
}

/** Returns the ids of detections whose `destinations()` may return more names than its text shows. */
export function withDynamicDestinations({ detections }: Project, facts: ProjectFacts): string[] {
  return [...detections.values()].flatMap(({ id, body }) => {
    const own = facts.detections.get(id)
    const returns = own?.returns.destinations
    const isDynamic = own ? returns !== undefined && undecidedLocations(returns).length > 0 : body !== null
    return isDynamic ? [id] : []
  })
}

function inMetadata(
  { id, location, spec, tests }: Detection,
  names: readonly string[],
  project: Project,
): DestinationReference[] {
  const isNamed = (list: unknown) => Array.isArray(list) && names.some((name) => list.includes(name))
  const expected = tests.find(({ expectations }) => isNamed(expectations.ExpectedDestinations))
  return [
    ...(isNamed(spec.OutputIds)
      ? [
          {
            file: location.file,
            line: lineOfOutputIds(project, location.file),
            by: 'OutputIds',
            ids: [id],
          } as const,
        ]
      : []),
    ...(expected
      ? [
          {
            file: expected.location.file,
            line: expected.location.line,
            by: 'ExpectedDestinations',
            ids: [id],
          } as const,
        ]
      : []),
  ]
}

/** Returns 1 when the key is in the file of the base detection. */
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

/** The analysis follows constants and helpers, so the text may be in another file than the body. */
function inPython({ id }: Detection, facts: ProjectFacts, names: readonly string[]): DestinationReference[] {
  const returns = facts.detections.get(id)?.returns.destinations
  return (returns ? literalsOf(returns) : [])
    .filter(({ value }) => names.includes(value))
    .map(({ location: { file, line } }) => ({ file, line, by: 'destinations()', ids: [id] }))
}

/** Renames in `OutputIds` and `ExpectedDestinations`, also in expectations files. Returns the changed files. */
export function renameInDetections(project: Project, from: string, to: string): string[] {
  const specs = new Set([...project.detections.values()].map(({ location }) => location.file))
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

/** Returns an empty text when there is no such file. */
function textOf({ root, folders }: Project, file: string): string {
  const read = readText(resolve(root, file), folders)
  return 'text' in read ? read.text : ''
}
