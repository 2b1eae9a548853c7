/** The types of source there are, each loaded when it is used for the first time. `npm run catalogs` writes this file. */
import type { Catalog } from '../core/catalog.ts'
import type { SourceType } from './_source.ts'

export const SOURCE_TYPES: Catalog<SourceType> = {
  file: async () => (await import('./file.ts')).default,
  http: async () => (await import('./http.ts')).default,
  kafka: async () => (await import('./kafka.ts')).default,
  nats: async () => (await import('./nats.ts')).default,
  otlp: async () => (await import('./otlp.ts')).default,
  sqs: async () => (await import('./sqs.ts')).default,
  stdin: async () => (await import('./stdin.ts')).default,
  syslog: async () => (await import('./syslog.ts')).default,
}
