/** Every table whose rows belong to an alert or a delivery is known to retention, in both kinds of stores. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'
import { openMaintenance } from '../../src/store/postgres/upkeep/maintenance.ts'
import { TABLES_OF_ALERTS, TABLES_OF_DELIVERIES } from '../../src/store/rows/removal-tables.ts'
import { openStoreMemory } from '../../src/store/store-file.ts'
import { manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'

const MIGRATIONS = new URL('../../src/store/postgres/migrations/', import.meta.url).pathname

it('a store in SQLite', () => {
  const file = openStoreMemory()
  const tablesWith = (column: string) =>
    file.driver
      .prepare<{ name: string }>(
        `SELECT t.name FROM pragma_table_list t, pragma_table_info(t.name) c
         WHERE t.schema = 'main' AND t.type = 'table' AND c.name = :column`,
      )
      .all({ column })
      .map(({ name }) => name)
      .sort()
  try {
    expect(tablesWith('alert_id')).toEqual([...TABLES_OF_ALERTS, 'signal'].sort())
    expect(tablesWith('delivery_id')).toEqual([...TABLES_OF_DELIVERIES].sort())
  } finally {
    file.close()
  }
})

describeWithPostgres('PostgreSQL', (server) => {
  it('a store in PostgreSQL, whose function names each table', async () => {
    const url = server().url()
    await (await openStore(url, { clock: manualClock(), projectRoot: '.' })).close()
    const settings = readStoreUrl(url, {}, '.')
    const database = openMaintenance(settings, { readOnly: true })
    try {
      const rows = await database.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND a.attname IN ('alert_id', 'delivery_id') GROUP BY 1`,
        [settings.schema],
      )
      const known = [...TABLES_OF_ALERTS, ...TABLES_OF_DELIVERIES, 'alert_delta']
      const found = rows.map(({ name }) => name)
      expect(found.sort()).toEqual([...new Set([...known, 'signal', 'alert_group'])].sort())
      const sql = readdirSync(MIGRATIONS).map((file) => readFileSync(join(MIGRATIONS, file), 'utf8'))
      const removing = sql.findLast((text) => text.includes('FUNCTION remove_rows('))!
      for (const name of known) expect(removing).toContain(`DELETE FROM ${name} `)
    } finally {
      await database.close()
    }
  })
})
