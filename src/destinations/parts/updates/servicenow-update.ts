/** Updates of a record of ServiceNow: one request writes a work note and the new state. */
import { textAt } from '../../../core/json-path.ts'
import { PermanentError } from '../../../errors.ts'
import type { Answer, Outgoing, Receipt, Update } from '../../_destination.ts'
import { createOnce } from '../create-once.ts'
import { postJson } from '../json-request.ts'
import { Truncation } from '../truncate.ts'
import { updateText } from './update-text.ts'

/** How requests to the table of a destination are built. */
interface ServiceNowTable {
  /** The record as the delivery has returned it; empty: it returned none. */
  readonly record: string
  readonly tableUrl: string
  readonly headers: Readonly<Record<string, string>>
  /** Builds the search for the record of a delivery. */
  readonly search: (key: string) => Outgoing
  /** The fields of a resolved and of a reopened record; undefined: they are not known. */
  readonly resolveFields: object | undefined
  readonly reopenFields: object | undefined
}

const NOTE_LIMIT = 4_000

/** A repeated attempt finds its note by the mark. The state was written with it. */
export function* reportRecordUpdate(
  update: Update,
  table: ServiceNowTable,
): Generator<Outgoing, Receipt, Answer> {
  const id = table.record || (yield* searchRecord(update, table))
  const mark = `signalbox-${update.idempotencyKey}`
  return yield* createOnce(update, {
    lookUp: () => workNotes(id, table),
    listing: 'result',
    found: ({ body }) => (body.includes(mark) ? 'the note' : ''),
    create: () => change(id, mark, update, table),
  })
}

/** An alert that an earlier version sent is found by its key. */
function* searchRecord(
  { firstKey }: Update,
  { search }: ServiceNowTable,
): Generator<Outgoing, string, Answer> {
  const { body } = yield { ...search(firstKey), success: [{ status: [200], list: 'result' }] }
  const id = textAt(body, 'result.0.sys_id')
  if (!id) {
    throw new PermanentError(`no record has the key of the delivery ${firstKey}`, { scope: 'delivery' })
  }
  return id
}

/** The display value of a journal field contains its notes, the latest first; the value is empty. A query by id answers with a list. */
function workNotes(id: string, { tableUrl, headers }: ServiceNowTable): Outgoing {
  const query = new URLSearchParams({
    sysparm_query: `sys_id=${id}`,
    sysparm_display_value: 'true',
    sysparm_fields: 'work_notes',
    sysparm_limit: '1',
  })
  return { method: 'GET', url: `${tableUrl}?${query.toString()}`, headers, body: '' }
}

function change(id: string, mark: string, update: Update, table: ServiceNowTable): Outgoing {
  const truncation = new Truncation()
  const end = `\n\n${mark}`
  const text = withoutCode(updateText(update))
  const note = truncation.text('note', text, NOTE_LIMIT - end.length)
  const { fields, did } = stateOf(update, note, table)
  const body = { ...fields, work_notes: note + end }
  const url = `${table.tableUrl}/${encodeURIComponent(id)}?sysparm_fields=number`
  return {
    ...postJson(url, body, { headers: table.headers, notes: truncation.notes }),
    method: 'PATCH',
    success: [{ status: [200], field: 'result.number', receipt: (number) => `note on ${number}${did}` }],
  }
}

function stateOf(
  { events }: Update,
  note: string,
  { resolveFields, reopenFields }: ServiceNowTable,
): { readonly fields: object; readonly did: string } {
  const unchanged = (option: string) => ({
    fields: {},
    did: `; its state is unchanged, because ${option} is not set`,
  })
  if (events.includes('resolved')) {
    if (resolveFields === undefined) return unchanged('resolveFields')
    return { fields: { close_notes: note, ...resolveFields }, did: ', resolved' }
  }
  if (!events.includes('reopened')) return { fields: {}, did: '' }
  return reopenFields === undefined
    ? unchanged('reopenFields')
    : { fields: reopenFields, did: ', opened again' }
}

/** A journal field shows what stands between `[code]` and `[/code]` as HTML. */
function withoutCode(text: string): string {
  return text.replace(/\[(?=\/?code\])/gi, '[\u200b')
}
