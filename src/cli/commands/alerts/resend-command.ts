/** `alerts resend` sends an alert again: to the destinations of its route, or to named ones. */
import { escapeForTerminal } from '../../../reporters/parts/terminal-text.ts'
import { resendAlert } from '../../../workspace/alerts/resend-alert.ts'
import { openProject } from '../../../workspace/open-project.ts'
import { AS, actingPerson } from '../../command/acting.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../../command/command.ts'
import { FORMAT, list, STORE, withSuggestions } from '../../command/options.ts'
import { requireRegistry } from '../../command/soundness.ts'
import { jsonDocument, withStore } from '../../command/store-session.ts'
import { findAlert } from './find-alert.ts'

export const resend = defineCommand({
  arguments: { '<id>': 'id of an alert, or its first characters' },
  options: {
    destination: withSuggestions(
      list('--destination <name>', 'destination to send to, instead of the original route'),
      'destinations',
    ),
    as: AS,
    store: STORE,
    format: FORMAT,
  },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      const alert = await findAlert(store, id)
      const registry = requireRegistry(await openProject(session.workspace))
      const { to, skipped } = await resendAlert(
        store,
        registry,
        alert,
        options.destination,
        actingPerson(options),
        store.now(),
      )
      if (options.format === 'json') session.print(jsonDocument({ alert: alert.id, to, skipped }))
      else session.print(`resending ${alert.id} to ${to.map(escapeForTerminal).join(', ')}\n`)
      if (skipped.length === 0) return EXIT_OK
      session.printError(`skipped (disabled or removed): ${skipped.map(escapeForTerminal).join(', ')}`)
      return EXIT_FAILED
    }),
})
