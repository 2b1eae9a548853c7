/** States of destinations, each changed by a comparison of its version that is repeated until it succeeds. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DestinationState, Store, Versioned } from '../store.ts'
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
  SELECT $1::text, $2::bigint + 1, $3::text FROM check_holder($4) ON CONFLICT DO NOTHING RETURNING 1`
const UPDATE = `UPDATE destination_state SET version = $2::bigint + 1, body = $3 FROM check_holder($4)
  WHERE key = $1 AND version = $2 RETURNING 1`

/** Where a comparison fails, another change has succeeded. So the changes of all daemons together go on. */
export async function changeDestinationState(
  database: Database,
  key: string,
  change: (state: DestinationState) => DestinationState,
  holder: string | null,
): ReturnType<Store['changeDestinationState']> {
  for (let tries = 0; ; tries++) {
    const { value: before, version } = await readDestinationState(database, key)
    const after = change(before)
    if (after === before) return { before, after }
    const sql = version === 0 ? INSERT : UPDATE
    const parameters = [key, version, JSON.stringify(after), holder]
    if ((await database.query(sql, parameters)).length > 0) return { before, after }
    await sleep(Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** tries))
  }
}
