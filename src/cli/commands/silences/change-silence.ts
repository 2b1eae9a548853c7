/** `silences add|expire|extend` changes silences of the store beside running daemons. */
import { didYouMean } from '../../../core/did-you-mean.ts'
import { UserError } from '../../../errors.ts'
import type { StoredSilence } from '../../../model/alerts/silence.ts'
import { escapeForTerminal } from '../../../reporters/parts/terminal-text.ts'
import { openProject } from '../../../workspace/open-project.ts'
import { addSilence, expireSilence, extendSilence } from '../../../workspace/silences/stored-silences.ts'
import { AS, actingPerson } from '../../command/acting.ts'
import { defineCommand, EXIT_OK } from '../../command/command.ts'
import { durationMs } from '../../command/duration.ts'
import { FORMAT, flag, list, parsed, STORE, text, withSuggestions } from '../../command/options.ts'
import type { Session } from '../../command/session.ts'
import { requireRegistry } from '../../command/soundness.ts'
import { jsonDocument, withStore } from '../../command/store-session.ts'
import { formatTime } from '../../format/table.ts'
import { MATCH_OPTIONS, matchOf } from './match-options.ts'

const COMMON = { as: AS, store: STORE, format: FORMAT }
const ID = { '<id>': 'id of a silence of the store' }

export const add = defineCommand({
  options: {
    ...MATCH_OPTIONS,
    destination: withSuggestions(
      list('--destination <name>', 'hide alerts at this destination only'),
      'destinations',
    ),
    for: parsed('--for <time>', 'how long it is in force, for example 2h; required', durationMs),
    reason: text('--reason <text>', 'why the alerts are not sent; required'),
    owner: text('--owner <name>', 'who answers for it; default: who acts'),
    everything: flag('--everything', 'accept a silence that can hide every alert'),
    critical: flag('--critical', 'accept a silence that can hide alerts of the severity CRITICAL'),
    ...COMMON,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      const { reason, destination, everything, critical } = options
      const forMs = options.for
      if (forMs === undefined || reason === undefined)
        throw new UserError('silences add requires --for and --reason', { code: 'missing-option' })
      await assertKnown(destination, session)
      const actor = actingPerson(options)
      const now = store.now()
      const request = {
        until: now + forMs,
        reason,
        owner: options.owner ?? actor.name,
        match: matchOf(options),
        except: null,
        destinations: destination.length > 0 ? destination : null,
        everything,
        critical,
      }
      return report(await addSilence(store, request, actor, now), options.format, session)
    }),
})

export const expire = defineCommand({
  arguments: ID,
  options: COMMON,
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      const stored = await expireSilence(store, id, actingPerson(options), store.now())
      return report(stored, options.format, session)
    }),
})

export const extend = defineCommand({
  arguments: ID,
  options: { for: parsed('--for <time>', 'time from now to its new end; required', durationMs), ...COMMON },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      const forMs = options.for
      if (forMs === undefined)
        throw new UserError('silences extend requires --for', { code: 'missing-option' })
      const stored = await extendSilence(store, id, forMs, actingPerson(options), store.now())
      return report(stored, options.format, session)
    }),
})

/** A silence at a destination that does not exist would hide nothing. */
async function assertKnown(names: readonly string[], { workspace }: Session): Promise<void> {
  if (names.length === 0) return
  const { destinations } = requireRegistry(await openProject(workspace))
  const known = destinations.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new UserError(`destination not found: ${unknown}`, {
    code: 'unknown-destination',
    hint: `${didYouMean(unknown, known)}use one of ${known.join(', ')}`,
  })
}

function report({ silence }: StoredSilence, format: 'pretty' | 'json', session: Session): number {
  const { id, until } = silence
  if (format === 'json') session.print(jsonDocument({ silence }))
  else session.print(`${escapeForTerminal(id)} is in force until ${formatTime(until)}\n`)
  return EXIT_OK
}
