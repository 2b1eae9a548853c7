/** `destinations edit` changes a destination in place. `destinations remove` removes one that no detection references. */
import type { Destination } from '../../../model/project/destination.ts'
import { counted } from '../../../reporters/parts/terminal-text.ts'
import {
  type DestinationReference,
  referencesTo,
  renameInDetections,
  withDynamicDestinations,
} from '../../../workspace/destinations/references.ts'
import {
  destinationByName,
  editDestination,
  removeDestination,
} from '../../../workspace/destinations/registry.ts'
import { startEngine } from '../../../workspace/open-project.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../../command/command.ts'
import { ALLOW_LOCAL_TYPES, flag, list, text } from '../../command/options.ts'
import { openRegistry, type RegistrySession } from '../../command/registry-session.ts'
import type { Prompter } from '../../prompts/prompts.ts'
import { requirePrompter } from '../../prompts/terminal.ts'
import { DRAFT_OPTIONS, draftOf, isEmptyDraft } from './flags.ts'
import { askForChanges } from './questions.ts'

const NO_TERMINAL =
  'destinations edit requires an option that changes something, or a terminal for its prompts'

export const edit = defineCommand({
  arguments: { '<name>': 'name or id of the destination' },
  suggestions: 'destinations',
  options: {
    newName: text('--new-name <name>', 'new name; waiting deliveries follow the rename'),
    updateReferences: flag(
      '--update-references',
      'with --new-name: change OutputIds and ExpectedDestinations as well',
    ),
    ...DRAFT_OPTIONS,
    unset: list('--unset <key>', 'key to remove, for example logTypes or options.headers'),
    allowLocalTypes: ALLOW_LOCAL_TYPES,
  },
  async run({ args: [name = ''], options }, io) {
    const { updateReferences, unset } = options
    const given = { newName: options.newName, draft: draftOf(options) }
    const isSilent = isEmptyDraft(given.draft) && given.newName === undefined && unset.length === 0
    const ask = isSilent ? await requirePrompter(io, NO_TERMINAL) : null
    const session = await openRegistry(options, io)
    const destination = destinationByName(session.project, name)
    const changes = ask ? await changesOf(ask, destination, session) : given
    if (changes === null || (ask && isEmptyDraft(changes.draft) && changes.newName === undefined)) {
      session.printError('nothing changed')
      return EXIT_FAILED
    }
    const { newName, draft } = changes
    const file = await editDestination(session.workspace, session.project, destination, {
      ...draft,
      newName,
      unset,
    })
    session.print(`changed ${newName ?? destination.name} in ${file}\n`)
    if (newName === undefined || newName === destination.name) return EXIT_OK
    return afterRename(destination.name, newName, updateReferences, session)
  },
})

/** @returns null if the user cancelled the prompts. */
function changesOf(ask: Prompter, destination: Destination, { project, workspace }: RegistrySession) {
  const names = project.registry.destinations.map((each) => each.name)
  return ask.orCancel(() => askForChanges(ask, destination, { names, workspace }))
}

/** A reference by id stays valid after a rename, so only references by name are listed. */
async function afterRename(
  from: string,
  to: string,
  update: boolean,
  session: RegistrySession,
): Promise<number> {
  const { references, dynamic } = await allReferencesTo({ name: from, id: null }, session)
  const changed = update ? renameInDetections(session.project, from, to) : []
  for (const file of changed) session.print(`changed ${file}\n`)
  const left = references.filter(({ by }) => by === 'destinations()' || !update)
  const hint = update ? 'change these by hand' : '--update-references changes all but Python'
  if (left.length > 0) {
    const verb = left.length === 1 ? 'references' : 'reference'
    session.printError(`${counted(left.length, 'place')} still ${verb} ${from} (${hint}):\n${listed(left)}`)
  }
  if (dynamic !== null) session.printError(dynamic)
  return EXIT_OK
}

export const remove = defineCommand({
  arguments: { '<name>': 'name or id of the destination' },
  suggestions: 'destinations',
  options: { force: flag('--force', 'remove it even if detections reference it') },
  async run({ args: [name = ''], options }, io) {
    const session = await openRegistry(options, io)
    const destination = destinationByName(session.project, name)
    const { references, dynamic } = await allReferencesTo(destination, session)
    if (references.length > 0 && !options.force) {
      const verb = references.length === 1 ? 'references' : 'reference'
      session.printError(
        `${destination.name} was not removed: ${counted(references.length, 'place')} still ${verb} it\n${listed(references)}\nhint: change these first, or use --force`,
      )
      return EXIT_FAILED
    }
    const file = await removeDestination(session.workspace, session.project, destination)
    session.print(`removed ${destination.name} from ${file}\n`)
    if (dynamic !== null) session.printError(dynamic)
    return EXIT_OK
  },
})

const MAX_REFERENCES_LISTED = 3

/** Finds the references to a destination, and describes the detections whose references are known only at run time. */
async function allReferencesTo(
  destination: Pick<Destination, 'name' | 'id'>,
  { project, log }: RegistrySession,
): Promise<{ references: DestinationReference[]; dynamic: string | null }> {
  const engine = await startEngine(project, 'test', log)
  try {
    const dynamic = withDynamicDestinations(project, engine.facts)
    return {
      references: referencesTo(project, engine.facts, destination),
      dynamic:
        dynamic.length === 0
          ? null
          : `${counted(dynamic.length, 'more detection')} may return it from destinations(), which is known only at run time: ${firstOf(dynamic)}`,
    }
  } finally {
    await engine.close()
  }
}

function listed(references: readonly DestinationReference[]): string {
  return references.map(({ ids, file, line, by }) => `  ${file}:${line}: ${by} of ${firstOf(ids)}`).join('\n')
}

function firstOf(ids: readonly string[]): string {
  const more = ids.length > MAX_REFERENCES_LISTED ? ` and ${ids.length - MAX_REFERENCES_LISTED} more` : ''
  return `${ids.slice(0, MAX_REFERENCES_LISTED).join(', ')}${more}`
}
