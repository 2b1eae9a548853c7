/** `alerts ack|resolve|reopen|assign|comment` changes the status of alerts beside a running daemon. */
import { UserError } from '../../../errors.ts'
import { CLOSED_REASONS, statusText } from '../../../model/alerts/alert-status.ts'
import { escapeForTerminal } from '../../../reporters/parts/terminal-text.ts'
import type { Store } from '../../../store/store.ts'
import { type AlertAct, type ChangedAlert, changeAlert } from '../../../workspace/alerts/change-alert.ts'
import { AS, actingPerson } from '../../command/acting.ts'
import { defineCommand, EXIT_OK } from '../../command/command.ts'
import { shortId } from '../../command/ids.ts'
import { choice, FORMAT, STORE, text } from '../../command/options.ts'
import { jsonDocument, withStore } from '../../command/store-session.ts'
import { alertJson } from '../../format/alert-view.ts'
import { findAlert } from './find-alert.ts'

const COMMON = {
  as: AS,
  store: STORE,
  format: FORMAT,
}
const NOTE = text('--note <text>', 'comment that the history keeps')
const IDS = { '<ids...>': 'ids of alerts, or their first characters' }
const ID = 'id of an alert, or its first characters'

export const ack = defineCommand({
  arguments: IDS,
  options: { note: NOTE, assignee: text('--assignee <name>', 'who cares for the alerts'), ...COMMON },
  run: ({ args, options }, io) => {
    const { note = '', assignee } = options
    const act = { verb: 'acknowledge', note, ...(assignee !== undefined && { assignee }) } as const
    return withStore(options, io, 'write', change(args, act, options))
  },
})

export const resolve = defineCommand({
  arguments: IDS,
  options: {
    reason: choice('--reason <reason>', 'why the alerts are over; required', CLOSED_REASONS),
    note: NOTE,
    ...COMMON,
  },
  run: ({ args, options }, io) => {
    const { note = '', reason } = options
    if (reason === undefined)
      throw new UserError('alerts resolve requires --reason', {
        code: 'missing-option',
        hint: `use one of ${CLOSED_REASONS.join(', ')}`,
      })
    return withStore(options, io, 'write', change(args, { verb: 'resolve', note, reason }, options))
  },
})

export const reopen = defineCommand({
  arguments: IDS,
  options: { note: NOTE, ...COMMON },
  run: ({ args, options }, io) =>
    withStore(options, io, 'write', change(args, { verb: 'reopen', note: options.note ?? '' }, options)),
})

export const assign = defineCommand({
  arguments: { '<id>': ID, '<name>': 'who cares for the alert; "" for no one' },
  options: { note: NOTE, ...COMMON },
  run: ({ args: [id = '', assignee = ''], options }, io) => {
    const act = { verb: 'assign', note: options.note ?? '', assignee } as const
    return withStore(options, io, 'write', change([id], act, options))
  },
})

export const comment = defineCommand({
  arguments: { '<id>': ID, '<text>': 'the comment' },
  options: COMMON,
  run: ({ args: [id = '', note = ''], options }, io) =>
    withStore(options, io, 'write', change([id], { verb: 'comment', note }, options)),
})

/** Every id must name an alert before any alert is changed. */
function change(
  ids: readonly string[],
  act: AlertAct,
  { as, format }: { readonly as: string | undefined; readonly format: 'pretty' | 'json' },
): Parameters<typeof withStore>[3] {
  return async (store, session) => {
    const actor = actingPerson({ as })
    const alerts = new Set<string>()
    for (const id of ids) alerts.add((await findAlert(store, id)).id)
    const changed: { id: string; result: ChangedAlert['result']; status: ChangedAlert['status'] }[] = []
    for (const id of alerts) {
      const outcome = { id, ...(await changeAlert(store, id, act, actor, store.now())) }
      changed.push(outcome)
      if (format === 'pretty') session.print(`${escapeForTerminal(sentence(outcome))}\n`)
    }
    if (format === 'json') session.print(jsonDocument({ changes: await changesJson(store, changed) }))
    return EXIT_OK
  }
}

function sentence({ id, result, status }: ChangedAlert & { readonly id: string }): string {
  const state = `${statusText(status)}${status.assignee === '' ? '' : `, assigned to ${status.assignee}`}`
  switch (result) {
    case 'changed':
      return `${shortId(id)} is ${state}`
    case 'commented':
      return `${shortId(id)} is ${state}, and has a new comment`
    case 'late':
      return `${shortId(id)} is ${state} already: the acknowledgement is recorded as a comment`
    case 'unchanged':
    case 'repeated':
      return `${shortId(id)} is ${state} already`
  }
}

async function changesJson(
  store: Store,
  changed: readonly (ChangedAlert & { readonly id: string })[],
): Promise<object[]> {
  const rows: object[] = []
  for (const { id, result } of changed) {
    const alert = await store.alert(id)
    if (alert) rows.push({ result, alert: alertJson(alert) })
  }
  return rows
}
