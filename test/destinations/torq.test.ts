import { destinationContract } from '../contract/destination.ts'
import { NOTIFICATION } from '../support/notification-table.ts'

destinationContract('torq', {
  exact: [''],
  options: (url) => ({
    webhookUrl: `${url}/hook/T0KEN-of-the-hook`,
    authHeader: 'X-Torq-Auth',
    authSecret: 'T0KEN-in-header',
  }),
  accepts: { status: 200, body: '{"ok":true}' },
  bodyless: () => true,
  acceptsAnyObject: true,
  secrets: ['T0KEN-of-the-hook', 'T0KEN-in-header'],
  wires: [
    {
      path: /^\/hook\//,
      headers: { 'content-type': 'application/json', 'x-torq-auth': 'T0KEN-in-header' },
      body: NOTIFICATION,
    },
  ],
})
