/** Rows of the handling of alerts, of silences, and of what they hid. */
import type { Silence } from '../../model/alerts/silence.ts'
import { type Driver, insert } from '../driver.ts'
import type {
  HandlingRecord,
  NewHandling,
  SilenceFilter,
  SilenceHit,
  SilenceHits,
  StoredSilence,
} from '../store.ts'
import { whereClause } from './where-clause.ts'

/** The handling of an alert that does not exist any more is ignored. */
export function insertHandling(driver: Driver, { alertId, at, steps }: NewHandling): void {
  driver
    .prepare(
      'INSERT INTO handling (alert_id, at, steps) SELECT id, :at, :steps FROM alert WHERE id = :alertId',
    )
    .run({ alertId, at, steps: JSON.stringify(steps) })
}

/** The decisions about an alert, the earliest first. */
export function listHandling(driver: Driver, alertId: string): HandlingRecord[] {
  return driver
    .prepare<{ at: number; steps: string }>(
      'SELECT at, steps FROM handling WHERE alert_id = :alertId ORDER BY seq',
    )
    .all({ alertId })
    .map(({ at, steps }) => ({ at, steps: JSON.parse(steps) as HandlingRecord['steps'] }))
}

/** A hit of an alert that does not exist any more is ignored. */
export function insertHit(driver: Driver, { silenceId, alertId, at }: SilenceHit): void {
  driver
    .prepare(
      `INSERT INTO silence_hit (silence_id, alert_id, at) SELECT :silenceId, id, :at FROM alert WHERE id = :alertId
       ON CONFLICT (silence_id, alert_id) DO UPDATE SET at = max(at, excluded.at)`,
    )
    .run({ silenceId, alertId, at })
}

export function listHits(driver: Driver): SilenceHits[] {
  return driver
    .prepare<SilenceHits>(
      `SELECT silence_id AS silenceId, count(*) AS alerts, max(at) AS lastAt FROM silence_hit
       GROUP BY silence_id ORDER BY silence_id`,
    )
    .all()
}

export function readRulesVersion(driver: Driver): number {
  return driver.prepare<{ version: number }>('SELECT version FROM rules_version').get()?.version ?? 0
}

export function isSilenceChanged(driver: Driver, { silence: { id }, version }: StoredSilence): boolean {
  const row = driver.prepare<{ version: number }>('SELECT version FROM silence WHERE id = :id').get({ id })
  return (row?.version ?? 0) !== version - 1
}

/** Every daemon that has decided by the silences before decides again. */
export function writeSilence(
  driver: Driver,
  { silence, version, createdAt, createdBy }: StoredSilence,
): void {
  insert(
    driver,
    'silence',
    {
      id: silence.id,
      version,
      ends_at: silence.until,
      created_at: createdAt,
      created_by: createdBy,
      body: JSON.stringify(silence),
    },
    'ON CONFLICT (id) DO UPDATE SET version = excluded.version, ends_at = excluded.ends_at, body = excluded.body',
  )
  driver
    .prepare(
      'INSERT INTO rules_version (one, version) VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET version = version + 1',
    )
    .run()
}

type StoredBody = Omit<StoredSilence, 'silence'> & { readonly body: string }

/** Lists silences in the order of their creation. */
export function listSilences(driver: Driver, { limit, ...filter }: SilenceFilter): StoredSilence[] {
  const { where, params } = whereClause(filter, { endsAfter: 'ends_at > :endsAfter' })
  return driver
    .prepare<StoredBody>(
      `SELECT version, created_at AS createdAt, created_by AS createdBy, body FROM silence ${where}
       ORDER BY created_at, id LIMIT :limit`,
    )
    .all({ ...params, limit })
    .map(({ body, ...row }) => ({ silence: JSON.parse(body) as Silence, ...row }))
}
