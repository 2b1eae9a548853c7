/** `status` shows what daemons do with a store: who they are, the sources with partitions, and the open deliveries. */
import { UNDELIVERED_STATES } from '../../store/store.ts'
import { defineCommand, EXIT_OK } from '../command/command.ts'
import { FORMAT, STORE } from '../command/options.ts'
import { jsonDocument, withStore } from '../command/store-session.ts'
import { membersJson, membersTable } from '../format/members-view.ts'
import { sourceSummaries, sourcesTable } from '../format/partitions-view.ts'

export default defineCommand({
  options: { store: STORE, format: FORMAT },
  run: ({ options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const sources = sourceSummaries(await store.partitions(), store.now())
      const members = store.isShared ? await store.members() : []
      const counts = await store.countDeliveries(UNDELIVERED_STATES)
      const open = UNDELIVERED_STATES.map((state) => [state, counts[state]] as const)
      if (options.format === 'json') {
        const daemons = membersJson(members)
        session.print(jsonDocument({ daemons, sources, deliveries: Object.fromEntries(open) }))
        return EXIT_OK
      }
      if (store.isShared) session.print(`${membersTable(members, store.now(), session.style)}\n`)
      session.print(sourcesTable(sources, session.style))
      session.print(`\nopen deliveries: ${open.map(([state, count]) => `${count} ${state}`).join(', ')}\n`)
      return EXIT_OK
    }),
})
