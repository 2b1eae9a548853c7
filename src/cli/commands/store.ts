/** `store copy|check|prune` copies a store to PostgreSQL, checks a store, and removes what has expired. */
import { pruneProjectStore } from '../../workspace/prune-store.ts'
import { checkProjectStore, copyProjectStore } from '../../workspace/store-maintenance.ts'
import { type CommandGroup, defineCommand, EXIT_FAILED, EXIT_OK } from '../command/command.ts'
import { FORMAT, flag } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { jsonDocument } from '../command/store-session.ts'
import { copyText, pruneText, reportText } from '../format/store-view.ts'

const copy = defineCommand({
  arguments: {
    '<from>': 'sqlite:PATH',
    '<to>': 'postgres://USER@HOST/DATABASE, with a schema that is empty or does not exist',
  },
  options: {
    dryRun: flag('--dry-run', 'count the rows and check both stores, and write nothing'),
    format: FORMAT,
  },
  async run({ args: [from = '', to = ''], options }, io) {
    const session = openSession(options, io)
    const result = await copyProjectStore(session.workspace, {
      from,
      to,
      isDryRun: options.dryRun,
      onProgress: ({ table, rows, of }) => session.note(`copied ${rows} of ${of} rows of ${table}`),
      onPasswordInUrl: () =>
        session.note('the URL contains the password, which other users of this machine can see'),
    })
    session.print(options.format === 'json' ? jsonDocument(result) : copyText(result, session.style))
    return EXIT_OK
  },
})

const check = defineCommand({
  arguments: {
    '[url]': 'the store; default: the store of signalbox.yaml, else sqlite:.signalbox/signalbox.db',
  },
  options: { format: FORMAT },
  async run({ args: [url], options }, io) {
    const session = openSession(options, io)
    const report = await checkProjectStore(session.workspace, url)
    session.print(options.format === 'json' ? jsonDocument(report) : reportText(report, session.style))
    return report.faults.length === 0 ? EXIT_OK : EXIT_FAILED
  },
})

const prune = defineCommand({
  arguments: {
    '[url]': 'the store; default: the store of signalbox.yaml, else sqlite:.signalbox/signalbox.db',
  },
  options: {
    dryRun: flag('--dry-run', 'count what would be removed by its age, and remove nothing'),
    format: FORMAT,
  },
  async run({ args: [url], options }, io) {
    const session = openSession(options, io)
    const result = await pruneProjectStore(session.workspace, { url, isDryRun: options.dryRun })
    session.print(options.format === 'json' ? jsonDocument(result) : pruneText(result, session.style))
    return EXIT_OK
  },
})

const group: CommandGroup = {
  commands: {
    copy: { summary: 'copy a SQLite store to PostgreSQL', command: copy },
    check: { summary: 'check the rows of a store and the settings of its database', command: check },
    prune: { summary: 'remove what the retention of signalbox.yaml lets expire', command: prune },
  },
}
export default group
