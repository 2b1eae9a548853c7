/** Makes the changes of commands to destinations.yaml. */

import {
  renameDestination,
  withChanges,
  withDestination,
  withFallback,
  withoutDestination,
} from '../../config/destinations/registry-edits.ts'
import { nearest } from '../../core/did-you-mean.ts'
import { UserError } from '../../errors.ts'
import type { Destination } from '../../model/project/destination.ts'
import type { RoutedProject } from '../../model/project/project.ts'
import type { WorkspaceOptions } from '../open-project.ts'
import { changesOf, type DestinationDraft, entryOf } from './destination-draft.ts'
import { type RegistryFile, readRegistryFile, writeRegistryFile } from './registry-file.ts'

export type ProjectWithRegistry = RoutedProject

/** @returns the name of the file for output. */
export async function addDestination(
  workspace: WorkspaceOptions,
  { name, type, fallback, ...draft }: DestinationDraft & { name: string; type: string; fallback?: boolean },
): Promise<string> {
  const registry = readRegistryFile(workspace)
  const entry = entryOf(name, type, await changesOf(workspace, name, type, draft))
  const added = withDestination(registry.text, entry)
  await writeRegistryFile(registry, fallback ? withFallback(added, name) : added)
  return registry.file
}

export async function editDestination(
  workspace: WorkspaceOptions,
  project: ProjectWithRegistry,
  { name, type }: Destination,
  draft: DestinationDraft & { readonly newName?: string; readonly unset?: readonly string[] },
): Promise<string> {
  const { registry, text, index } = openAt(workspace, project, name)
  const { newName = name, unset = [] } = draft
  const removals = unset.map((key) => ({ path: key.split('.'), value: undefined }))
  const changed = withChanges(text, index, [
    ...removals,
    ...(await changesOf(workspace, newName, type, draft)),
  ])
  const destination = project.registry.destinations[index]!
  await writeRegistryFile(
    registry,
    newName === name ? changed : renameDestination(changed, index, destination, newName),
  )
  return registry.file
}

export async function removeDestination(
  workspace: WorkspaceOptions,
  project: ProjectWithRegistry,
  { name }: Destination,
): Promise<string> {
  const { registry, text, index } = openAt(workspace, project, name)
  await writeRegistryFile(registry, withoutDestination(text, index))
  return registry.file
}

function openAt(workspace: WorkspaceOptions, project: ProjectWithRegistry, name: string) {
  const registry = readRegistryFile(workspace) as RegistryFile & { readonly text: string }
  const index = project.registry.destinations.findIndex((each) => each.name === name)
  return { registry, text: registry.text, index }
}

/** Finds a destination by name or id; the error for an unknown one suggests the nearest name. */
export function destinationByName({ registry }: ProjectWithRegistry, name: string): Destination {
  const found = registry.destinations.find((each) => each.name === name || each.id === name)
  if (found) return found
  const names = registry.destinations.map((each) => each.name)
  const near = nearest(name, names)
  throw new UserError(`destination "${name}" not found in ${registry.file}`, {
    code: 'unknown-destination',
    hint: near ? `did you mean "${near}"?` : `known: ${names.join(', ') || 'none'}`,
  })
}
