/** Copies the rows of all tables in steps. Each step says in its own transaction how far it is, so none is done twice. */
import { UserError } from '../../../errors.ts'
import type { Driver, Params } from '../../driver.ts'
import type { Database } from '../database.ts'
import { JsonList } from '../pool.ts'
import { COPIED_TABLES, type CopiedTable } from './copied-tables.ts'

const MAX_ROWS_PER_PAGE = 1_000
const MAX_CHARS_PER_STEP = 4_000_000
const ROWS_PER_REPORT = 100_000

interface TableCopyOptions {
  readonly id: string
  readonly counts: ReadonlyMap<string, number>
  readonly onProgress: (progress: {
    readonly table: string
    readonly rows: number
    readonly of: number
  }) => void
}

type Row = Readonly<Record<string, string | number | null>>

interface Step {
  readonly rows: readonly string[]
  readonly lastKey: string
}

/** The source must be in a transaction, so that it does not change. */
export async function copyTables(
  driver: Driver,
  database: Database,
  options: TableCopyOptions,
): Promise<void> {
  for (const table of COPIED_TABLES) await copyTable(driver, database, table, options)
}

async function copyTable(
  driver: Driver,
  database: Database,
  table: CopiedTable,
  { id, counts, onProgress }: TableCopyOptions,
): Promise<void> {
  const { name } = table
  const of = counts.get(name) ?? 0
  await database.query('INSERT INTO copied_table (name, row_count) VALUES ($1, 0) ON CONFLICT DO NOTHING', [
    name,
  ])
  const [done] = await database.query<{ rows: number; lastKey: string | null }>(
    'SELECT row_count AS rows, last_key AS "lastKey" FROM copied_table WHERE name = $1',
    [name],
  )
  let { rows, lastKey } = done!
  let reported = rows
  for (;;) {
    const page = nextPage(driver, table, lastKey)
    for (const step of stepsOf(page, table)) {
      await writeStep(database, table, { ...step, id, before: rows })
      rows += step.rows.length
      lastKey = step.lastKey
    }
    const isLast = page.length < MAX_ROWS_PER_PAGE
    if (isLast || rows - reported >= ROWS_PER_REPORT) onProgress({ table: name, rows, of })
    if (rows - reported >= ROWS_PER_REPORT) reported = rows
    if (isLast) return
  }
}

function nextPage(driver: Driver, { name, key }: CopiedTable, lastKey: string | null): Row[] {
  const values = lastKey === null ? [] : (JSON.parse(lastKey) as (string | number)[])
  const parameters: Params = Object.fromEntries(values.map((value, i) => [`k${i}`, value]))
  const places = values.map((_, i) => `:k${i}`).join(', ')
  const columns = key.join(', ')
  const where = lastKey === null ? '' : `WHERE (${columns}) > (${places})`
  return driver
    .prepare<Row>(`SELECT * FROM ${name} ${where} ORDER BY ${columns} LIMIT :page`)
    .all({ ...parameters, page: MAX_ROWS_PER_PAGE })
}

/** Splits a page, because rows with large texts must not make a statement that the server refuses. */
function stepsOf(page: readonly Row[], { key, convert }: CopiedTable): Step[] {
  const steps: { rows: string[]; lastKey: string }[] = []
  let chars = Number.POSITIVE_INFINITY
  for (const row of page) {
    const text = JSON.stringify(convert(row))
    const lastKey = JSON.stringify(key.map((column) => row[column]))
    if (chars + text.length > MAX_CHARS_PER_STEP) {
      steps.push({ rows: [], lastKey })
      chars = 0
    }
    const step = steps.at(-1)!
    step.rows.push(text)
    step.lastKey = lastKey
    chars += text.length
  }
  return steps
}

/** If the answer of a step was lost, the number of rows shows that the step was done. */
async function writeStep(
  database: Database,
  { name, columns }: CopiedTable,
  { rows, lastKey, id, before }: Step & { readonly id: string; readonly before: number },
): Promise<void> {
  const list = columns.join(', ')
  const [written] = await database.query<{ rows: number | null }>(
    `WITH step AS (
       UPDATE copied_table SET row_count = row_count + $3::bigint, last_key = $4
       WHERE name = $1 AND row_count = $2::bigint AND EXISTS (SELECT 1 FROM store_copy WHERE id = $5)
       RETURNING row_count
     ), inserted AS (
       INSERT INTO ${name} (${list}) SELECT ${list} FROM json_populate_recordset(NULL::${name}, $6)
       WHERE EXISTS (SELECT 1 FROM step)
     )
     SELECT coalesce((SELECT row_count FROM step), (SELECT row_count FROM copied_table WHERE name = $1)) AS rows`,
    [name, before, rows.length, lastKey, id, new JsonList(rows)],
  )
  if (written!.rows === before + rows.length) return
  throw new UserError(`another copy writes to the store ${database.settings.location}`, {
    code: 'unfinished-copy',
    hint: 'let one copy end before you begin another',
  })
}
