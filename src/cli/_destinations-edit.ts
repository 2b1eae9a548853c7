/** `destinations edit`: changes one in place; `destinations remove`: takes one out, unless somebody still names it. */
import type { Destination } from '../model/destination.ts'
import { counted } from '../reporters/_style.ts'
import { type Naming, namingsOf, renameInDetections } from '../workspace/references.ts'
import { destinationCalled, editDestination, removeDestination } from '../workspace/registry.ts'
import type { Asking } from './_asking.ts'
import { defineCommand, FAILED, OK } from './_command.ts'
import { DRAFT_OPTIONS, draftOf, saysNothing } from './_destination-flags.ts'
import { askForChanges } from './_destination-questions.ts'
import { flag, list, text } from './_options.ts'
import { openRegistry, type RegistrySession } from './_registry-session.ts'
import { terminal } from './_terminal.ts'

const NO_TERMINAL =
  'destinations edit needs something to change, or a terminal to ask in; see destinations edit --help'

export const edit = defineCommand({
  arguments: { '<name>': 'the destination, by name or id' },
  options: {
    newName: text('--new-name <name>', 'renames it; waiting deliveries follow'),
    updateReferences: flag(
      '--update-references',
      'with --new-name: also changes OutputIds and ExpectedDestinations',
    ),
    ...DRAFT_OPTIONS,
    unset: list('--unset <key>', 'removes a key, for example logTypes or options.headers'),
  },
  async run({ args: [name = ''], options }, io) {
    const { updateReferences, unset } = options
    const given = { newName: options.newName, draft: draftOf(options) }
    const isSilent = saysNothing(given.draft) && given.newName === undefined && unset.length === 0
    const ask = isSilent ? await terminal(io, NO_TERMINAL) : null
    const session = await openRegistry(options, io)
    const destination = destinationCalled(session.project, name)
    const changes = ask ? await changesOf(ask, destination, session) : given
    if (changes === null || (ask && saysNothing(changes.draft) && changes.newName === undefined)) {
      session.complain('nothing was changed')
      return FAILED
    }
    const { newName, draft } = changes
    const file = await editDestination(session.workspace, session.project, destination, {
      ...draft,
      newName,
      unset,
    })
    session.print(`changed ${newName ?? destination.name} in ${file}\n`)
    if (newName === undefined || newName === destination.name) return OK
    return afterRename(destination.name, newName, updateReferences, session)
  },
})

/** null: the one who was asked broke off. */
function changesOf(ask: Asking, destination: Destination, { project }: RegistrySession) {
  const taken = project.registry.destinations.map((each) => each.name)
  return ask.untilCancelled(() => askForChanges(ask, destination, taken))
}

/** An id still means the destination after a rename, so only its name is looked for. */
function afterRename(from: string, to: string, update: boolean, session: RegistrySession): number {
  const namings = namingsOf(session.project, { name: from, id: null })
  const changed = update ? renameInDetections(session.project, from, to) : []
  for (const file of changed) session.print(`changed ${file}\n`)
  const left = namings.filter(({ by }) => by === 'body' || !update)
  if (left.length === 0) return OK
  const hint = update ? 'look at these by hand' : '--update-references changes all but Python'
  session.complain(
    `${counted(left.length, 'place')} still ${left.length === 1 ? 'names' : 'name'} ${from} (${hint}):\n${listed(left)}`,
  )
  return OK
}

export const remove = defineCommand({
  arguments: { '<name>': 'the destination, by name or id' },
  options: { force: flag('--force', 'also while detections name it') },
  async run({ args: [name = ''], options }, io) {
    const session = await openRegistry(options, io)
    const destination = destinationCalled(session.project, name)
    const namings = namingsOf(session.project, destination)
    if (namings.length > 0 && !options.force) {
      session.complain(
        `${destination.name} was not removed: ${counted(namings.length, 'place')} still name it\n${listed(namings)}\nhint: change them first, or remove it all the same with --force`,
      )
      return FAILED
    }
    const file = await removeDestination(session.workspace, session.project, destination)
    session.print(`removed ${destination.name} from ${file}\n`)
    return OK
  },
})

function listed(namings: readonly Naming[]): string {
  return namings
    .map(({ id, file, by }) => `  ${file}: ${by === 'body' ? 'the Python' : by} of ${id}`)
    .join('\n')
}
