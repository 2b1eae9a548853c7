/** `deliveries list|dead|retry|flush` lists deliveries, retries failed ones and sends digests. */
import { UserError } from '../../errors.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import {
  DELIVERY_STATES,
  type DeliveryFilter,
  type DeliveryRow,
  type DestinationState,
  type Store,
} from '../../store/store.ts'
import { AS, actingPerson } from '../command/acting.ts'
import { type CommandGroup, defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { resolveId } from '../command/ids.ts'
import {
  choice,
  FORMAT,
  flag,
  parsed,
  STORE,
  text,
  wholeNumber,
  withSuggestions,
} from '../command/options.ts'
import type { Session } from '../command/session.ts'
import { jsonDocument, withStore } from '../command/store-session.ts'
import { deliveriesTable, deliveryJson } from '../format/alert-view.ts'

const LIMIT = 50
const ALL = 1_000_000
/** An abbreviated id is searched among this number of the newest deliveries, and among as many that can be retried. */
const MAX_ROWS_SEARCHED = 10_000

const LIST_OPTIONS = {
  destination: withSuggestions(
    text('--destination <name>', 'list only deliveries to this destination'),
    'destinations',
  ),
  alert: text('--alert <id>', 'list only deliveries of this alert; the first characters of its id suffice'),
  limit: parsed('--limit <n>', `maximum number to list, newest first; default: ${LIMIT}`, wholeNumber(1)),
  store: STORE,
  format: FORMAT,
}

const list = defineCommand({
  options: {
    state: choice('--state <state>', 'list only deliveries in this state', DELIVERY_STATES),
    ...LIST_OPTIONS,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'read', (store, session) =>
      show(store, options, options.state && [options.state], session),
    ),
})

const dead = defineCommand({
  options: LIST_OPTIONS,
  run: ({ options }, io) =>
    withStore(options, io, 'read', (store, session) => show(store, options, ['dead', 'orphaned'], session)),
})

async function show(
  store: Store,
  options: { destination?: string; alert?: string; limit?: number; format: 'pretty' | 'json' },
  states: DeliveryFilter['states'],
  session: Session,
): Promise<number> {
  const { destination, alert, limit = LIMIT } = options
  const alertId = alert === undefined ? undefined : await fullAlertId(store, alert)
  const deliveries = await store.deliveries({ states, destination, alertId, limit })
  if (options.format === 'json') session.print(jsonDocument({ deliveries: deliveries.map(deliveryJson) }))
  else session.print(deliveriesTable(deliveries, await statesOf(store, deliveries), session.style))
  if (deliveries.length === 0 && destination !== undefined && !(await isKnown(store, destination)))
    session.note(unknownDestinationNote(destination))
  if (deliveries.length === limit) session.note(`showing the newest ${limit}; use --limit for more`)
  return EXIT_OK
}

async function statesOf(
  store: Store,
  deliveries: readonly DeliveryRow[],
): Promise<Map<string, DestinationState>> {
  const keys = [...new Set(deliveries.map(({ destinationKey }) => destinationKey))]
  const states = keys.map(async (key) => [key, (await store.destinationState(key)).value] as const)
  return new Map(await Promise.all(states))
}

async function fullAlertId(store: Store, id: string): Promise<string> {
  if (await store.alert(id)) return id
  const newest = await store.alerts({ limit: MAX_ROWS_SEARCHED })
  return resolveId(
    id,
    newest.map((alert) => alert.id),
    'alert',
  )
}

const retry = defineCommand({
  arguments: { '[ids...]': 'ids of deliveries, or their first characters' },
  options: {
    destination: withSuggestions(
      text('--destination <name>', 'retry all dead, orphaned and waiting deliveries to this destination'),
      'destinations',
    ),
    allDead: flag('--all-dead', 'retry all dead deliveries'),
    as: AS,
    store: STORE,
    format: FORMAT,
  },
  run: ({ args, options }, io) => {
    const { destination, allDead } = options
    if ([args.length > 0, destination !== undefined, allDead].filter(Boolean).length !== 1)
      throw new UserError('deliveries retry requires either ids, --destination NAME or --all-dead', {
        code: 'conflicting-options',
        hint: 'list dead deliveries with `signalbox deliveries dead`',
      })
    return withStore(options, io, 'write', async (store, session) => {
      const { name, via } = actingPerson(options)
      const selection = await selectionOf(store, args, destination)
      const retried = await store.retry(selection, { actor: name, via })
      if (options.format === 'json') session.print(jsonDocument({ retried }))
      else session.print(`retrying ${counted(retried, 'delivery', 'deliveries')}\n`)
      if (retried === 0 && destination !== undefined)
        session.note(await nothingToRetryNote(store, destination))
      if (!('ids' in selection) || retried === selection.ids.length) return EXIT_OK
      session.printError('skipped the others: they are not dead, orphaned or waiting')
      return EXIT_FAILED
    })
  },
})

const flush = defineCommand({
  arguments: { '<name>': 'the name of a destination' },
  options: { store: STORE, format: FORMAT },
  run: ({ args, options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      const [name] = args as [string]
      const flushed = await store.flushDigests(name)
      if (options.format === 'json') session.print(jsonDocument({ flushed }))
      else session.print(`sending ${counted(flushed, 'digest')}\n`)
      if (flushed > 0) return EXIT_OK
      const note = (await isKnown(store, name))
        ? `no digest of ${name} is open`
        : unknownDestinationNote(name)
      session.note(note)
      return EXIT_OK
    }),
})

async function nothingToRetryNote(store: Store, destination: string): Promise<string> {
  return (await isKnown(store, destination))
    ? `no delivery to ${destination} is dead, orphaned or waiting`
    : unknownDestinationNote(destination)
}

async function isKnown(store: Store, destination: string): Promise<boolean> {
  return (await store.deliveries({ destination, limit: 1 })).length > 0
}

function unknownDestinationNote(destination: string): string {
  return `no deliveries to "${destination}"; list the destinations with \`signalbox destinations list\``
}

async function selectionOf(
  store: Store,
  args: readonly string[],
  destination: string | undefined,
): Promise<{ ids: readonly string[] } | DeliveryFilter> {
  if (destination !== undefined) return { destination, states: ['dead', 'orphaned', 'waiting'], limit: ALL }
  if (args.length === 0) return { states: ['dead'], limit: ALL }
  // Deliveries that can be retried come first, because an old one must be found too.
  const rows = [
    ...(await store.deliveries({ states: ['dead', 'orphaned', 'waiting'], limit: MAX_ROWS_SEARCHED })),
    ...(await store.deliveries({ limit: MAX_ROWS_SEARCHED })),
  ]
  const known = new Set(rows.map(({ id }) => id))
  return { ids: [...new Set(args.map((id) => resolveId(id, known, 'delivery')))] }
}

const group: CommandGroup = {
  commands: {
    list: { summary: 'list the newest deliveries', command: list },
    dead: { summary: 'list dead and orphaned deliveries', command: dead },
    retry: { summary: 'retry failed deliveries and reset their attempts', command: retry },
    flush: { summary: 'send the open digests of a destination now', command: flush },
  },
}
export default group
