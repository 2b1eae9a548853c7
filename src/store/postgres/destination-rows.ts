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

/** Where a comparison fails, another change has succeeded. So the changes of all daemons together go on. */
export async function changeDestinationState(
  database: Database,
  key: string,
  change: (state: DestinationState) => DestinationState,
): ReturnType<Store['changeDestinationState']> {
  for (let tries = 0; ; tries++) {
    const { value: before, version } = await readDestinationState(database, key)
    const after = change(before)
    if (after === before || (await replaceState(database, key, after, version))) return { before, after }
    await sleep(Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** tries))
  }
}

const INSERT =
  'INSERT INTO destination_state (key, version, body) VALUES ($1, $2 + 1, $3) ON CONFLICT DO NOTHING RETURNING 1'
const UPDATE =
  'UPDATE destination_state SET version = $2 + 1, body = $3 WHERE key = $1 AND version = $2 RETURNING 1'

async function replaceState(
  database: Database,
  key: string,
  state: DestinationState,
  version: number,
): Promise<boolean> {
  const sql = version === 0 ? INSERT : UPDATE
  return (await database.query(sql, [key, version, JSON.stringify(state)])).length > 0
}
