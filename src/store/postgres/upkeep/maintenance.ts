/** Opens a schema for work that can take long: migrations, copies and checks. It fails as a command does. */
import { Database } from '../database.ts'
import { openPool } from '../pool.ts'
import type { PostgresSettings } from '../store-url.ts'

export function openMaintenance(
  settings: PostgresSettings,
  { readOnly }: { readonly readOnly: boolean },
): Database {
  return new Database(openPool(settings, { readOnly, isMaintenance: true }), settings, {
    readOnly,
    onAvailability: () => {},
    onLost: () => {},
    ending: new AbortController().signal,
  })
}
