/** States of destinations, each changed by a comparison of its version that is repeated until it succeeds. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChangedDestination, DestinationState, NewAudit, Versioned } from '../store.ts'
import type { Database } from './database.ts'

const UNKNOWN_DESTINATION: DestinationState = {
  pausedAt: null,
  pausedReason: '',
  probeAt: null,
  failures: 0,
  tokens: null,
  tokensAt: null,
}

const FIRST_DELAY_MS = 2
const MAX_DELAY_MS = 200

export async function readDestinationState(
  database: Database,
  key: string,
): Promise<Versioned<DestinationState>> {
  const sql = 'SELECT body, version FROM destination_state WHERE key = $1'
  const [row] = await database.query<{ body: string; version: number }>(sql, [key])
  return row
    ? { value: JSON.parse(row.body) as DestinationState, version: row.version }
    : { value: UNKNOWN_DESTINATION, version: 0 }
}

const INSERT = `INSERT INTO destination_state (key, version, body)
  VALUES ($1, $2::bigint + 1, $3) ON CONFLICT DO NOTHING RETURNING 1`
const UPDATE = `UPDATE destination_state SET version = $2::bigint + 1, body = $3
  WHERE key = $1 AND version = $2 RETURNING 1`

/** Writes the row of the audit together with the change, if the change succeeds. */
const audited = (change: string) => `WITH changed AS (${change}),
  number AS (UPDATE counter SET value = value + 1 WHERE name = 'audit' AND EXISTS (SELECT FROM changed) RETURNING value)
  INSERT INTO audit (seq, at, actor, via, verb, subject_kind, subject, before, after, note, origin, request_id)
    SELECT value, $4::double precision, $5, $6, $7, $8, $9, $10, $11, $12, $13::text, $14::text FROM number RETURNING 1`

interface DestinationChange {
  readonly key: string
  readonly change: (state: DestinationState) => DestinationState
  readonly auditOf: ((states: ChangedDestination) => NewAudit | null) | undefined
}

/** Where a comparison fails, another change has succeeded. So the changes of all daemons together go on. */
export async function changeDestinationState(
  database: Database,
  { key, change, auditOf }: DestinationChange,
): Promise<ChangedDestination> {
  for (let tries = 0; ; tries++) {
    const { value: before, version } = await readDestinationState(database, key)
    const after = change(before)
    if (after === before) return { before, after }
    const sql = version === 0 ? INSERT : UPDATE
    const parameters = [key, version, JSON.stringify(after)]
    const audit = auditOf?.({ before, after }) ?? null
    const rows = await (audit === null
      ? database.query(sql, parameters)
      : database.query(audited(sql), [...parameters, ...auditColumns(audit)]))
    if (rows.length > 0) return { before, after }
    await sleep(Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** tries))
  }
}

function auditColumns(row: NewAudit): (string | number | null)[] {
  const { at, actor, via, verb, subject, before, after, note, origin, requestId } = row
  return [at, actor, via, verb, subject.kind, subject.id, before, after, note, origin, requestId]
}
