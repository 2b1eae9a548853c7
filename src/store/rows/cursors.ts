/** Rows of cursors. Each has the owner who took it last and a version, which every commit of a cursor raises. */
import { randomUUID } from 'node:crypto'
import { Bug } from '../../errors.ts'
import type { Driver } from '../driver.ts'
import type { CursorVersion, HeldCursor } from '../store.ts'

export function readCursor(driver: Driver, source: string): string | null {
  const sql = 'SELECT cursor FROM source_cursor WHERE source = :source'
  return driver.prepare<{ cursor: string | null }>(sql).get({ source })?.cursor ?? null
}

const TAKE = `
  INSERT INTO source_cursor (source, cursor, version, owner) VALUES (:source, NULL, 1, :owner)
  ON CONFLICT (source) DO UPDATE SET version = version + 1, owner = excluded.owner
  RETURNING cursor, version`

/** The owner is random, because versions can repeat after a backup was restored. */
export function takeCursor(driver: Driver, source: string): HeldCursor {
  const owner = randomUUID()
  const row = driver.prepare<{ cursor: string | null; version: number }>(TAKE).get({ source, owner })!
  return { source, owner, ...row }
}

export function isHeld(driver: Driver, source: string, { owner, version }: CursorVersion): boolean {
  const sql = 'SELECT 1 FROM source_cursor WHERE source = :source AND owner = :owner AND version = :version'
  return driver.prepare(sql).get({ source, owner, version }) !== undefined
}

/** @param expected is what `isHeld` has compared in the same transaction. */
export function writeCursor(
  driver: Driver,
  { source, cursor }: { readonly source: string; readonly cursor: string },
  expected: ReadonlyMap<string, CursorVersion>,
): void {
  if (!expected.has(source)) throw new Bug(`the plan moves the cursor of ${source} without having taken it`)
  driver
    .prepare('UPDATE source_cursor SET cursor = :cursor, version = version + 1 WHERE source = :source')
    .run({ source, cursor })
}

/** The text from the colon between the host and the path. */
const PATH_PART = "substr(source, 5 + instr(substr(source, 6), ':'))"

/** Gives the cursors of files to a host. Only one host uses the store, so they are its own under an earlier id. */
export function adoptFileCursors(driver: Driver, hostId: string): void {
  driver
    .prepare(
      `UPDATE OR IGNORE source_cursor SET source = 'file:' || :hostId || ${PATH_PART}
       WHERE source GLOB 'file:*:*' AND substr(source, 6, length(:hostId) + 1) <> :hostId || ':'`,
    )
    .run({ hostId })
}
