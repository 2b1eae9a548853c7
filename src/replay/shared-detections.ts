/** Finds out which detections two revisions have in common, so that each of these is evaluated once. Pure. */
import { importedNames } from '../config/detections/content-version.ts'
import type { DataModel, Detection } from '../model/project/detection.ts'
import type { RoutedProject } from '../model/project/project.ts'

/** It cannot be a part of an id in a spec, because it is a control character. */
const BEFORE_SUFFIX = '\u0000before'

export interface SharedDetections {
  /** The ids of the detections whose results are those of both revisions. */
  readonly shared: ReadonlySet<string>
  /** The detections of the first revision that the second one does not have in the same form. */
  readonly onlyBefore: readonly Detection[]
  /** True if one engine can run the detections of both revisions, because everything beside them is equal. */
  readonly canJoin: boolean
}

export function compareDetections(before: RoutedProject, after: RoutedProject): SharedDetections {
  const all = [...before.detections.values()]
  if (settingsOf(before) !== settingsOf(after)) return { shared: new Set(), onlyBefore: all, canJoin: false }
  const haveEqualHelpers = helpersOf(before) === helpersOf(after)
  // A data model is used by any detection, and its methods can import helpers.
  const haveEqualModels =
    modelsOf(before) === modelsOf(after) && (haveEqualHelpers || !before.dataModels.some(hasBody))
  if (!haveEqualModels) return { shared: new Set(), onlyBefore: all, canJoin: false }
  const usesCacheBefore = cacheUsers(before)
  const usesCacheAfter = cacheUsers(after)
  const isEqual = (each: Detection) => {
    const other = after.detections.get(each.id)
    return other !== undefined && formOf(each) === formOf(other)
  }
  const isCacheEqual =
    usesCacheBefore.size === usesCacheAfter.size && [...usesCacheBefore].every(isEqualIn(before, isEqual))
  const isShared = (each: Detection) => isEqual(each) && (isCacheEqual || !usesCacheBefore.has(each.id))
  const shared = new Set(all.filter(isShared).map(({ id }) => id))
  const onlyBefore = all.filter(({ id }) => !shared.has(id))
  return {
    shared,
    onlyBefore,
    canJoin: haveEqualHelpers && !onlyBefore.some(({ id }) => usesCacheBefore.has(id)),
  }
}

function isEqualIn({ detections }: RoutedProject, isEqual: (each: Detection) => boolean) {
  return (id: string) => isEqual(detections.get(id)!)
}

/** A project with the detections of both revisions; those of the first one have other ids. */
export function joinProjects(after: RoutedProject, onlyBefore: readonly Detection[]): RoutedProject {
  const renamed = onlyBefore.map((each) => {
    const id = `${each.id}${BEFORE_SUFFIX}`
    return [id, { ...each, id }] as const
  })
  return { ...after, detections: new Map([...after.detections, ...renamed]) }
}

/** The id in the first revision of a detection that `joinProjects` has renamed; null for any other one. */
export function idBefore(id: string): string | null {
  return id.endsWith(BEFORE_SUFFIX) ? id.slice(0, -BEFORE_SUFFIX.length) : null
}

/** The version covers spec, body and helpers. Overrides and correlation rules decide the others. */
function formOf({ version, enabled, signalFields }: Detection): string {
  return JSON.stringify([version, enabled, signalFields])
}

/**
 * The detections that may use cached items. Items depend on all that the detections of a revision have evaluated before, so
 * if one of these detections has changed, both revisions evaluate all of them.
 */
function cacheUsers({ detections, helpers }: RoutedProject): ReadonlySet<string> {
  const caching = new Set(helpers.filter(({ body }) => usesCache(body.source)).map(({ id }) => id))
  const importsCaching = (source: string) =>
    importedNames(source).some((name) => caching.has(name.split('.', 1)[0]!))
  for (let size = -1; size !== caching.size; ) {
    size = caching.size
    for (const { id, body } of helpers) if (importsCaching(body.source)) caching.add(id)
  }
  const users = [...detections.values()].filter(
    ({ body }) => body !== null && (usesCache(body.source) || importsCaching(body.source)),
  )
  return new Set(users.map(({ id }) => id))
}

function usesCache(source: string): boolean {
  return source.includes('caching') || source.includes('panther_detection_helpers')
}

function hasBody({ body }: DataModel): boolean {
  return body !== null
}

function helpersOf({ helpers }: RoutedProject): string {
  return JSON.stringify(helpers.map(({ id, body }) => [id, body]))
}

function modelsOf({ dataModels }: RoutedProject): string {
  return JSON.stringify(
    dataModels.map(({ id, enabled, logTypes, mappings, body }) => [id, enabled, logTypes, mappings, body]),
  )
}

function settingsOf({ settings }: RoutedProject): string {
  const { classification, limits, trust } = settings
  return JSON.stringify([classification, limits, trust])
}
