/**
 * States of destinations. The changes that come while one is written are made together: one read, and one write that
 * compares the version. Where it fails, another daemon has succeeded, and they are made again.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ChangedDestination,
  type DestinationState,
  type Duty,
  type DutyRequest,
  type NewAudit,
  type SendLimits,
  UNKNOWN_DESTINATION,
  type Versioned,
} from '../store.ts'
import type { Database } from './database.ts'
import { DESTINATION_COLUMNS, destinationColumns } from './destination-columns.ts'
import { Json } from './pool.ts'

const FIRST_DELAY_MS = 2
const MAX_DELAY_MS = 200

/** What claims change is in columns, and counts instead of the same fields of the body. */
interface StoredState {
  readonly body: string | null
  readonly version: number | null
  readonly probe_at: number | null
  readonly tokens: number | null
  readonly tokens_at: number | null
}

function stateFrom({ body, probe_at, tokens, tokens_at }: StoredState): DestinationState {
  if (body === null) return UNKNOWN_DESTINATION
  const stored = JSON.parse(body) as Partial<DestinationState>
  return { ...UNKNOWN_DESTINATION, ...stored, probeAt: probe_at, tokens, tokensAt: tokens_at }
}

export async function readDestinationState(
  database: Database,
  key: string,
): Promise<Versioned<DestinationState>> {
  const sql = 'SELECT body, version, probe_at, tokens, tokens_at FROM destination_state WHERE key = $1'
  const [row] = await database.query<StoredState>(sql, [key])
  return row ? { value: stateFrom(row), version: row.version! } : { value: UNKNOWN_DESTINATION, version: 0 }
}

/** The limits as the functions of the schema take them. */
export function limitsRow({ concurrency, rateLimit, answered }: SendLimits): object {
  return {
    concurrency,
    answered,
    perMinute: rateLimit?.perMinute ?? null,
    burst: rateLimit?.burst ?? null,
  }
}

interface StoredDuty extends StoredState {
  readonly wanted: string
  readonly claimable: number
  readonly next_at: number | null
}

export async function readDuties(
  database: Database,
  requests: readonly DutyRequest[],
  now: number | null,
): Promise<Duty[]> {
  if (requests.length === 0) return []
  const rows = await database.query<StoredDuty>('SELECT * FROM destination_duties($1, $2)', [
    new Json(requests.map((request) => ({ key: request.key, ...limitsRow(request) }))),
    now,
  ])
  const byKey = new Map(rows.map((row) => [row.wanted, row]))
  return requests.map(({ key }) => {
    const row = byKey.get(key)!
    return { key, state: stateFrom(row), claimable: row.claimable, nextAt: row.next_at }
  })
}

const COLUMNS = DESTINATION_COLUMNS.join(', ')
/** The parameters before them are the key, the version and the body. */
const VALUES = DESTINATION_COLUMNS.map((_, i) => `$${i + 4}::double precision`).join(', ')
const INSERT = `INSERT INTO destination_state (key, version, body, ${COLUMNS})
  VALUES ($1, $2::bigint + 1, $3, ${VALUES}) ON CONFLICT DO NOTHING RETURNING 1`
const UPDATE = `UPDATE destination_state SET version = $2::bigint + 1, body = $3, (${COLUMNS}) = ROW(${VALUES})
  WHERE key = $1 AND version = $2 RETURNING 1`

const TOKEN = `$${DESTINATION_COLUMNS.length + 4}`
const AUDITS = `$${DESTINATION_COLUMNS.length + 5}::jsonb`

/** Notes the token of the change, if the change succeeds: a try whose answer was lost is found by it. */
const noted = (change: string) => `WITH changed AS (${change}),
  noted AS (INSERT INTO commit_token (token, recorded_at) SELECT ${TOKEN}, store_now(NULL) FROM changed RETURNING 1)
  SELECT FROM noted`
const IS_NOTED = 'SELECT FROM commit_token WHERE token = $1'

/** Writes rows of the audit together with the change, if the change succeeds. */
const audited = (change: string) => `WITH changed AS (${change}),
  noted AS (INSERT INTO commit_token (token, recorded_at) SELECT ${TOKEN}, store_now(NULL) FROM changed),
  number AS (UPDATE counter SET value = value + jsonb_array_length(${AUDITS}) WHERE name = 'audit'
    AND EXISTS (SELECT FROM changed) RETURNING value)
  INSERT INTO audit (seq, at, actor, via, verb, subject_kind, subject, before, after, note, origin, request_id)
    SELECT value - jsonb_array_length(${AUDITS}) + e.position, a.at, a.actor, a.via, a.verb, a.subject->>'kind',
      a.subject->>'id', a.before, a.after, a.note, a.origin, a."requestId"
    FROM number, jsonb_array_elements(${AUDITS}) WITH ORDINALITY AS e(item, position),
      jsonb_to_record(e.item) AS a(at double precision, actor text, via text, verb text, subject jsonb, before text,
        after text, note text, origin text, "requestId" text)
    RETURNING 1`

interface Entry {
  readonly change: (state: DestinationState) => DestinationState
  readonly auditOf: ((states: ChangedDestination) => NewAudit | null) | undefined
  readonly resolve: (changed: ChangedDestination) => void
  readonly reject: (error: unknown) => void
}

export class DestinationStates {
  readonly #database: Database
  /** The changes that wait, by destination. A destination whose changes are being written has an entry. */
  readonly #waiting = new Map<string, Entry[]>()

  constructor(database: Database) {
    this.#database = database
  }

  change(key: string, change: Entry['change'], auditOf: Entry['auditOf']): Promise<ChangedDestination> {
    return new Promise((resolve, reject) => {
      const entry = { change, auditOf, resolve, reject }
      const waiting = this.#waiting.get(key)
      if (waiting) return void waiting.push(entry)
      this.#waiting.set(key, [entry])
      void this.#run(key)
    })
  }

  async #run(key: string): Promise<void> {
    for (;;) {
      const entries = this.#waiting.get(key)!
      if (entries.length === 0) break
      this.#waiting.set(key, [])
      await this.#make(key, entries).catch((error) => {
        for (const { reject } of entries) reject(error)
      })
    }
    this.#waiting.delete(key)
  }

  async #make(key: string, entries: readonly Entry[]): Promise<void> {
    for (let tries = 0; ; tries++) {
      const { value, version } = await readDestinationState(this.#database, key)
      const made = changed(value, entries)
      if (made.after === value || (await this.#write(key, version, made))) return made.settle()
      await sleep(Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** tries))
    }
  }

  async #write(key: string, version: number, { after, audits }: Changes): Promise<boolean> {
    const change = version === 0 ? INSERT : UPDATE
    const token = randomUUID()
    const columns = Object.values(destinationColumns(after))
    const parameters = [key, version, JSON.stringify(after), ...columns, token]
    return this.#database.run(async (connection, repeats) => {
      const rows = await (audits.length === 0
        ? connection.query(noted(change), parameters)
        : connection.query(audited(change), [...parameters, new Json(audits)]))
      if (rows.length > 0) return true
      // Only the answer of the try before may have been lost: then these states are what this caller has made.
      return repeats && (await connection.query(IS_NOTED, [token])).length > 0
    })
  }
}

interface Changes {
  readonly after: DestinationState
  readonly audits: readonly NewAudit[]
  readonly settle: () => void
}

/** Makes the changes one after the other. A change that fails changes nothing, and keeps no other from being made. */
function changed(value: DestinationState, entries: readonly Entry[]): Changes {
  let after = value
  const audits: NewAudit[] = []
  const results = entries.map(({ change, auditOf, resolve, reject }) => {
    const before = after
    try {
      const next = change(before)
      const audit = next === before ? null : (auditOf?.({ before, after: next }) ?? null)
      if (audit !== null) audits.push(audit)
      after = next
    } catch (error) {
      return () => reject(error)
    }
    const states = { before, after }
    return () => resolve(states)
  })
  return {
    after,
    audits,
    settle: () => {
      for (const settle of results) settle()
    },
  }
}
