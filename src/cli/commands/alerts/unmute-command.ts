/** `alerts unmute` lets a muted detection create alerts again. */
import { escapeForTerminal } from '../../../reporters/parts/terminal-text.ts'
import { unmute as unmuteDetection } from '../../../workspace/alerts/unmute.ts'
import { AS, actingPerson } from '../../command/acting.ts'
import { defineCommand, EXIT_FAILED, EXIT_OK } from '../../command/command.ts'
import { STORE } from '../../command/options.ts'
import { withStore } from '../../command/store-session.ts'

export const unmute = defineCommand({
  arguments: { '<detection>': 'id of a muted detection' },
  suggestions: 'detections',
  options: { as: AS, store: STORE },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'write', async (store, session) => {
      if (await unmuteDetection(store, id, actingPerson(options), store.now())) {
        session.print(`unmuted ${escapeForTerminal(id)}\n`)
        return EXIT_OK
      }
      session.printError(`signalbox: ${escapeForTerminal(id)} is not muted`)
      return EXIT_FAILED
    }),
})
