/** `alerts show` prints an alert with its notification, status, route, deliveries and history. */
import { defineCommand, EXIT_OK } from '../../command/command.ts'
import { FORMAT, STORE } from '../../command/options.ts'
import { withStore } from '../../command/store-session.ts'
import { alertDetails } from '../../format/alert-details.ts'
import { findAlert, MAX_ROWS_SEARCHED } from './find-alert.ts'

export const show = defineCommand({
  arguments: { '<id>': 'id of an alert, or its first characters' },
  options: { store: STORE, format: FORMAT },
  run: ({ args: [id = ''], options }, io) =>
    withStore(options, io, 'read', async (store, session) => {
      const alert = await findAlert(store, id)
      const rows = await store.deliveries({ alertId: alert.id, limit: MAX_ROWS_SEARCHED })
      const deliveries = await Promise.all(
        rows.map(async (row) => ({ ...row, history: await store.attempts(row.id) })),
      )
      const escalations = await store.escalations(alert.id)
      const audit = await store.audit({
        subject: { kind: 'alert', id: alert.id },
        limit: MAX_ROWS_SEARCHED,
      })
      const handling = await store.handling(alert.id)
      const details = { alert, deliveries, handling, escalations, audit }
      session.print(alertDetails(details, options.format, session.style))
      return EXIT_OK
    }),
})
