/** Adds, expires and extends silences of the store, beside running daemons. Each change is a row of the audit. */
import { randomBytes } from 'node:crypto'
import { canHideCritical, matchesEverything } from '../../config/handling/alert-match-text.ts'
import { UserError } from '../../errors.ts'
import type { Silence, StoredSilence } from '../../model/alerts/silence.ts'
import { EMPTY_PLAN, type NewAudit, NOTHING_EXPECTED, type Store } from '../../store/store.ts'
import { auditedAct } from '../alerts/audited-act.ts'
import type { Actor } from '../alerts/change-alert.ts'

const MAX_STORED_SILENCES = 1_000
const MAX_SILENCE_MS = 90 * 86_400_000
const MAX_COMMIT_TRIES = 20
const MAX_TEXT_CHARS = 2_000

type SilenceStore = Pick<Store, 'silences' | 'commit'>

export interface SilenceRequest extends Omit<Silence, 'id' | 'from'> {
  /** It may hide every alert. */
  readonly everything: boolean
  /** It may hide alerts of the severity CRITICAL. */
  readonly critical: boolean
}

/** The silence is in force from now on. A running daemon decides by it from the commit on. */
export async function addSilence(
  store: SilenceStore,
  request: SilenceRequest,
  actor: Actor,
  now: number,
): Promise<StoredSilence> {
  assertSound(request, now)
  const open = await store.silences({ endsAfter: now, limit: MAX_STORED_SILENCES })
  if (open.length >= MAX_STORED_SILENCES)
    throw invalid(`the store has ${MAX_STORED_SILENCES} silences already`, 'expire those that are not needed')
  const { until, reason, owner, match, except, destinations } = request
  const id = `s-${randomBytes(4).toString('hex')}`
  const silence: Silence = { id, from: now, until, reason, owner, match, except, destinations }
  const stored: StoredSilence = { silence, version: 1, createdAt: now, createdBy: actor.name }
  const audit = auditOf('created', stored, '', actor, now)
  if (!(await commitSilence(store, stored, audit))) throw changing(id)
  return stored
}

/** Ends the silence now. A silence that has ended cannot be revived. */
export function expireSilence(
  store: SilenceStore,
  id: string,
  actor: Actor,
  now: number,
): Promise<StoredSilence> {
  return changeEnd(store, id, 'expired', () => now, actor, now)
}

/** Moves the end of the silence to this time from now. */
export function extendSilence(
  store: SilenceStore,
  id: string,
  forMs: number,
  actor: Actor,
  now: number,
): Promise<StoredSilence> {
  const until = now + forMs
  assertEnd(until, now)
  return changeEnd(store, id, 'extended', () => until, actor, now)
}

async function changeEnd(
  store: SilenceStore,
  id: string,
  verb: 'expired' | 'extended',
  endOf: () => number,
  actor: Actor,
  now: number,
): Promise<StoredSilence> {
  for (let attempt = 0; attempt < MAX_COMMIT_TRIES; attempt++) {
    const before = await findStored(store, id, now)
    const silence = { ...before.silence, until: endOf() }
    if (verb === 'extended' && silence.until <= before.silence.until)
      throw invalid(`the silence ${id} ends later than that already`, 'choose a later end, or expire it')
    const stored = { ...before, silence, version: before.version + 1 }
    // Another person can have changed the silence meanwhile.
    if (await commitSilence(store, stored, auditOf(verb, stored, timeText(before), actor, now))) return stored
  }
  throw changing(id)
}

async function findStored(store: SilenceStore, id: string, now: number): Promise<StoredSilence> {
  const found = (await store.silences({ endsAfter: now, limit: MAX_STORED_SILENCES * 2 })).find(
    ({ silence }) => silence.id === id,
  )
  if (found) return found
  if (!id.startsWith('s-'))
    throw invalid(`"${id}" is no silence of the store`, 'edit silences.yaml to change a silence of the file')
  throw new UserError(`no silence of the store is in force with the id ${id}`, {
    code: 'unknown-id',
    hint: 'list the silences with `signalbox silences list`; an ended one cannot be revived',
  })
}

async function commitSilence(store: SilenceStore, stored: StoredSilence, audit: NewAudit): Promise<boolean> {
  const plan = { ...EMPTY_PLAN, silences: [stored], audits: [audit] }
  return (await store.commit(plan, NOTHING_EXPECTED)) === 'ok'
}

function auditOf(
  verb: NewAudit['verb'],
  stored: StoredSilence,
  before: string,
  actor: Actor,
  now: number,
): NewAudit {
  const { id, reason } = stored.silence
  const act = { verb, subject: { kind: 'silence', id }, before, after: timeText(stored) } as const
  return { ...auditedAct(actor, now, act), note: reason }
}

function timeText({ silence: { until } }: StoredSilence): string {
  return new Date(until).toISOString()
}

/** The rules are those of silences.yaml. */
function assertSound(
  { until, reason, owner, match, except, everything, critical }: SilenceRequest,
  now: number,
) {
  for (const [name, text] of Object.entries({ reason, owner })) {
    if (text.trim() === '') throw invalid(`a silence requires ${name}`, `give it with --${name}`)
    if (text.length > MAX_TEXT_CHARS)
      throw invalid(`the ${name} has more than ${MAX_TEXT_CHARS} characters`, 'shorten it')
  }
  assertEnd(until, now)
  if (!everything && matchesEverything(match))
    throw invalid('this silence can hide every alert', 'narrow it, or add --everything')
  if (!critical && canHideCritical(match, except))
    throw invalid(
      'this silence can hide alerts of the severity CRITICAL',
      'name other severities with --severity, or add --critical',
    )
}

function assertEnd(until: number, now: number): void {
  if (until <= now) throw invalid('the end of the silence is not in the future', 'choose a later end')
  if (until - now > MAX_SILENCE_MS)
    throw invalid('the silence ends more than 90 days from now', 'choose an earlier end')
}

function invalid(message: string, hint: string): UserError {
  return new UserError(message, { code: 'invalid-silence', hint })
}

function changing(id: string): UserError {
  return new UserError(`the silence ${id} changes faster than it can be written`, {
    code: 'changing-silence',
    hint: 'repeat the request',
  })
}
