/** The types of destination there are, each loaded when it is used for the first time. `npm run catalogs` writes this file. */
import type { Catalog } from '../core/catalog.ts'
import type { DestinationType } from './_destination.ts'

export const DESTINATION_TYPES: Catalog<DestinationType> = {
  asana: async () => (await import('./asana.ts')).default,
  console: async () => (await import('./console.ts')).default,
  discord: async () => (await import('./discord.ts')).default,
  email: async () => (await import('./email.ts')).default,
  eventbridge: async () => (await import('./eventbridge.ts')).default,
  file: async () => (await import('./file.ts')).default,
  github: async () => (await import('./github.ts')).default,
  gitlab: async () => (await import('./gitlab.ts')).default,
  googlechat: async () => (await import('./googlechat.ts')).default,
  incidentio: async () => (await import('./incidentio.ts')).default,
  jira: async () => (await import('./jira.ts')).default,
  mattermost: async () => (await import('./mattermost.ts')).default,
  msteams: async () => (await import('./msteams.ts')).default,
  nats: async () => (await import('./nats.ts')).default,
  opsgenie: async () => (await import('./opsgenie.ts')).default,
  pagerduty: async () => (await import('./pagerduty.ts')).default,
  pubsub: async () => (await import('./pubsub.ts')).default,
  servicenow: async () => (await import('./servicenow.ts')).default,
  slack: async () => (await import('./slack.ts')).default,
  sns: async () => (await import('./sns.ts')).default,
  splunk: async () => (await import('./splunk.ts')).default,
  sqs: async () => (await import('./sqs.ts')).default,
  syslog: async () => (await import('./syslog.ts')).default,
  telegram: async () => (await import('./telegram.ts')).default,
  tines: async () => (await import('./tines.ts')).default,
  torq: async () => (await import('./torq.ts')).default,
  victorops: async () => (await import('./victorops.ts')).default,
  webhook: async () => (await import('./webhook.ts')).default,
}
