/** Finds and removes what retention removes. The conditions are functions of the schema. */
import type { ArchiveFile, RemovablePage, RemovableQuery, Removal, RemovalKind } from '../../store.ts'
import type { Database } from '../database.ts'
import { Json, type Parameter } from '../pool.ts'

interface FoundRow {
  readonly id: string
  readonly can: boolean
  readonly position: string
}

/** The parameters are the time, the limit and the parts of the position. Numbers are given as text, which keeps them exact. */
const PAGES: Readonly<Record<RemovalKind, string>> = {
  alerts: `SELECT a.id, is_removable('alerts', a.id, $1) AS can, x.place::text AS position
    FROM (SELECT place, seq FROM alert_index
      WHERE status = 'resolved' AND place > $3::bigint AND place < alert_place($1, 0)
      ORDER BY place LIMIT $2) AS x JOIN alert a ON a.seq = x.seq
    ORDER BY x.place`,
  deliveries: `SELECT o.alert_id AS id, is_removable('deliveries', o.alert_id, $1) AS can,
      t.created_at::text || ':' || t.seq AS position
    FROM (SELECT id, created_at, seq FROM delivery
      WHERE (created_at, seq) > ($3::double precision, $4::bigint) AND created_at < $1
      ORDER BY created_at, seq LIMIT $2) AS t JOIN delivery_item o ON o.delivery_id = t.id
    ORDER BY t.created_at, t.seq`,
  audit: `SELECT t.seq::text AS id, is_audit_removable(t, $1) AS can, t.seq::text AS position
    FROM audit t WHERE t.seq > $3::bigint AND t.seq < coalesce(
      (SELECT min(seq) FROM (SELECT seq, at FROM audit WHERE seq > $3::bigint ORDER BY seq LIMIT $2) AS p
       WHERE at >= $1), 9223372036854775807)
    ORDER BY t.seq LIMIT $2`,
}

export async function listRemovable(database: Database, query: RemovableQuery): Promise<RemovablePage> {
  const { kind, limit, before } = query
  const rows = await database.query<FoundRow>(PAGES[kind], [before, limit, ...positionOf(query)])
  const positions = new Set(rows.map(({ position }) => position))
  return {
    ids: [...new Set(rows.filter(({ can }) => can).map(({ id }) => id))],
    next: positions.size < limit ? null : rows.at(-1)!.position,
  }
}

function positionOf({ kind, after = '-1' }: RemovableQuery): Parameter[] {
  if (kind !== 'deliveries') return [after]
  return after === '-1' ? ['-1', '0'] : after.split(':')
}

export async function removeRows(
  database: Database,
  { kind, ids, before, archive }: Removal,
  now: number | null,
): Promise<boolean> {
  // If the answer is lost, the second try finds nothing to remove: the entry of the file shows that the first one did it.
  return database.run(async (connection, repeats) => {
    if (repeats && archive !== null && (await isEntered(database, archive.file))) return true
    const [row] = await connection.query<{ done: boolean }>(
      'SELECT remove_rows($1, $2::text[], $3, $4, $5) AS done',
      [kind, ids, before, new Json(archive), now],
    )
    return row!.done
  })
}

async function isEntered(database: Database, { name, sha256 }: ArchiveFile): Promise<boolean> {
  return (await listArchives(database)).some((file) => file.name === name && file.sha256 === sha256)
}

export async function listArchives(database: Database): Promise<ArchiveFile[]> {
  return database.query<ArchiveFile>(
    'SELECT name, bytes, line_count AS lines, sha256 FROM archive_file ORDER BY name',
  )
}
