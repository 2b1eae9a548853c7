/** `destinations edit`: changes one in place; `destinations remove`: takes one out, unless somebody still names it. */
import type { Destination } from '../../../model/project/destination.ts'
import { counted } from '../../../reporters/parts/terminal-text.ts'
import {
  type Naming,
  namingsOf,
  renameInDetections,
  untoldBy,
} from '../../../workspace/destinations/references.ts'
import {
  destinationCalled,
  editDestination,
  removeDestination,
} from '../../../workspace/destinations/registry.ts'
import { startEngine } from '../../../workspace/open-project.ts'
import { defineCommand, FAILED, OK } from '../../command/command.ts'
import { flag, list, text } from '../../command/options.ts'
import { openRegistry, type RegistrySession } from '../../command/registry-session.ts'
import type { Asking } from '../../prompts/prompts.ts'
import { terminal } from '../../prompts/terminal.ts'
import { DRAFT_OPTIONS, draftOf, saysNothing } from './flags.ts'
import { askForChanges } from './questions.ts'

const NO_TERMINAL =
  'destinations edit needs something to change, or a terminal to ask in; see destinations edit --help'

export const edit = defineCommand({
  arguments: { '<name>': 'the destination, by name or id' },
  completes: 'destinations',
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
async function afterRename(
  from: string,
  to: string,
  update: boolean,
  session: RegistrySession,
): Promise<number> {
  const { namings, untold } = await referencesTo({ name: from, id: null }, session)
  const changed = update ? renameInDetections(session.project, from, to) : []
  for (const file of changed) session.print(`changed ${file}\n`)
  const left = namings.filter(({ by }) => by === 'destinations()' || !update)
  const hint = update ? 'look at these by hand' : '--update-references changes all but Python'
  if (left.length > 0) {
    const names = left.length === 1 ? 'names' : 'name'
    session.complain(`${counted(left.length, 'place')} still ${names} ${from} (${hint}):\n${listed(left)}`)
  }
  if (untold !== null) session.complain(untold)
  return OK
}

export const remove = defineCommand({
  arguments: { '<name>': 'the destination, by name or id' },
  completes: 'destinations',
  options: { force: flag('--force', 'also while detections name it') },
  async run({ args: [name = ''], options }, io) {
    const session = await openRegistry(options, io)
    const destination = destinationCalled(session.project, name)
    const { namings, untold } = await referencesTo(destination, session)
    if (namings.length > 0 && !options.force) {
      const names = namings.length === 1 ? 'names' : 'name'
      session.complain(
        `${destination.name} was not removed: ${counted(namings.length, 'place')} still ${names} it\n${listed(namings)}\nhint: change them first, or remove it all the same with --force`,
      )
      return FAILED
    }
    const file = await removeDestination(session.workspace, session.project, destination)
    session.print(`removed ${destination.name} from ${file}\n`)
    if (untold !== null) session.complain(untold)
    return OK
  },
})

const MOST_NAMED = 3

/** Who names it, and what to say of those of whom the text does not tell. */
async function referencesTo(
  destination: Pick<Destination, 'name' | 'id'>,
  { project, log }: RegistrySession,
): Promise<{ namings: Naming[]; untold: string | null }> {
  const engine = await startEngine(project, 'test', log)
  try {
    const untold = untoldBy(project, engine.facts)
    return {
      namings: namingsOf(project, engine.facts, destination),
      untold:
        untold.length === 0
          ? null
          : `${counted(untold.length, 'detection')} may name it as well, in destinations() whose result only a run tells: ${some(untold)}`,
    }
  } finally {
    await engine.close()
  }
}

function listed(namings: readonly Naming[]): string {
  return namings.map(({ ids, file, line, by }) => `  ${file}:${line}: ${by} of ${some(ids)}`).join('\n')
}

function some(ids: readonly string[]): string {
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : ''
  return `${ids.slice(0, MOST_NAMED).join(', ')}${more}`
}
