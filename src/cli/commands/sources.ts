/** `sources list|skip` shows the partitions of sources, and passes a message at which one has stopped. */
import { UserError } from '../../errors.ts'
import { escapeForTerminal } from '../../reporters/parts/terminal-text.ts'
import { skipPartition } from '../../workspace/sources/skip-partition.ts'
import { AS, actingPerson } from '../command/acting.ts'
import { type CommandGroup, defineCommand, EXIT_OK } from '../command/command.ts'
import { FORMAT, STORE, text } from '../command/options.ts'
import { jsonDocument, withStore } from '../command/store-session.ts'
import { partitionJson, partitionsTable } from '../format/partitions-view.ts'

const list = defineCommand({
  options: {
    source: text('--source <name>', 'list only partitions of this source, for example kafka:audit'),
    store: STORE,
    format: FORMAT,
  },
  run: ({ options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const { source, format } = options
      const all = await store.partitions()
      const rows =
        source === undefined
          ? all
          : all.filter((row) => row.source === source || row.source.startsWith(`${source}#`))
      if (format === 'json')
        session.print(jsonDocument({ partitions: rows.map((row) => partitionJson(row, store.now())) }))
      else session.print(partitionsTable(rows, store.now(), session.style))
      return EXIT_OK
    }),
})

const skip = defineCommand({
  arguments: { '<partition>': 'name of the partition, as `sources list` shows it' },
  options: {
    to: text('--to <position>', 'the message that is passed, for example its number; required'),
    as: AS,
    store: STORE,
    format: FORMAT,
  },
  run: ({ args: [name = ''], options }, io) => {
    const { to, format } = options
    if (to === undefined)
      throw new UserError('sources skip requires --to', {
        code: 'missing-option',
        hint: 'name the message at which the partition stopped: its alert and the log have the position',
      })
    return withStore(options, io, 'write', async (store, session) => {
      const moved = await skipPartition(store, { name, to }, actingPerson(options), store.now())
      if (format === 'json') session.print(jsonDocument({ partition: name, ...moved }))
      else session.print(`${escapeForTerminal(name)} is read on behind ${escapeForTerminal(to)}\n`)
      return EXIT_OK
    })
  },
})

export default {
  commands: {
    list: { summary: 'list the partitions of sources with owner, cursor, lag and error', command: list },
    skip: { summary: 'skip the message at which a partition has stopped', command: skip },
  },
} satisfies CommandGroup
