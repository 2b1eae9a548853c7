/** Keeps rejected events as NDJSON, appended before the commit: after a crash one may stand twice, none is lost. */
import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { EvaluatedEvent } from '../model/evaluation.ts'

/** Characters of an event that are kept. */
const KEPT = 64 * 1024

/** @param file absolute path, or null to keep none. */
export function createRejects(file: string | null): (rejected: readonly EvaluatedEvent[]) => Promise<void> {
  if (file === null) return async () => {}
  return async (rejected) => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await appendFile(file, rejected.map(lineOf).join(''), { mode: 0o600 })
  }
}

function lineOf({ envelope, outcome }: EvaluatedEvent): string {
  const { source, place, receivedAt, raw } = envelope
  const reason = outcome.status === 'evaluated' ? '' : outcome.reason
  const at = new Date(receivedAt).toISOString()
  return `${JSON.stringify({ at, source, place, status: outcome.status, reason, raw: raw.slice(0, KEPT) })}\n`
}
