/** Slack: buttons of alerts, and the slash command `/signalbox`. */
import { CLOSED_REASONS, type ClosedReason } from '../model/alerts/alert-status.ts'
import {
  asObject,
  type Hook,
  type HookAct,
  type HookReading,
  isSignedBy,
  objectOf,
  textAtPath,
  valueAt,
} from './_hook.ts'

/** The window that Slack recommends: an older request may be a replay. */
const MAX_AGE_S = 5 * 60
const ALERT_ID = /^[0-9a-f]{32}$/
const USAGE = 'Use: ack ALERT [note], resolve ALERT REASON [note], comment ALERT text'

/** The ids of the controls, which `src/destinations/parts/slack-buttons.ts` puts into a message. */
const ACKNOWLEDGE = 'signalbox_acknowledge'
const RESOLVE = 'signalbox_resolve'
const BLOCK = 'signalbox:'

export const SLACK_HOOK: Hook = {
  verify(headers, body, secret, now) {
    const timestamp = headers['x-slack-request-timestamp'] ?? ''
    if (!/^\d{1,12}$/.test(timestamp)) return 'the header X-Slack-Request-Timestamp is missing'
    const signature = /^v0=(.*)$/.exec(headers['x-slack-signature'] ?? '')?.[1] ?? ''
    if (!isSignedBy(secret, [`v0:${timestamp}:`, body], signature)) return 'the signature is missing or wrong'
    if (Math.abs(now / 1_000 - Number(timestamp)) > MAX_AGE_S) return 'the request is older than 5 minutes'
    return null
  },
  read(body) {
    if (body.startsWith('{')) return readJson(body)
    const form = new URLSearchParams(body)
    const payload = form.get('payload')
    if (payload !== null) return readInteraction(payload)
    return form.has('command') ? readCommand(form) : null
  },
}

/** Slack checks an address once, with a text that must come back. */
function readJson(body: string): HookReading | null {
  const request = objectOf(body)
  if (request === null) return null
  const challenge = textAtPath(request, 'challenge')
  if (request.type === 'url_verification' && challenge !== '') return { acts: [], answer: { challenge } }
  return { acts: [] }
}

function readInteraction(payload: string): HookReading | null {
  const interaction = objectOf(payload)
  if (interaction === null) return null
  if (interaction.type !== 'block_actions') return { acts: [] }
  const actor = {
    id: textAtPath(interaction, 'user', 'id'),
    name: textAtPath(interaction, 'user', 'name') || textAtPath(interaction, 'user', 'username'),
  }
  const { actions } = interaction
  if (actor.id === '' || !Array.isArray(actions)) return null
  return { acts: actions.flatMap((action: unknown) => actOf(action, actor) ?? []) }
}

function actOf(action: unknown, actor: HookAct['actor']): HookAct | null {
  const control = asObject(action)
  const block = textAtPath(control, 'block_id')
  const id = block.startsWith(BLOCK) ? block.slice(BLOCK.length) : ''
  if (!ALERT_ID.test(id)) return null
  const common = { id: '', alert: { by: 'alert', id }, actor, note: '' } as const
  if (control?.action_id === ACKNOWLEDGE) return { ...common, verb: 'acknowledge' }
  if (control?.action_id !== RESOLVE) return null
  const reason = reasonOf(valueAt(control, 'selected_option', 'value'))
  return reason === null ? null : { ...common, verb: 'resolve', reason }
}

/** The person who typed the command sees the answer. */
function readCommand(form: URLSearchParams): HookReading | null {
  const actor = { id: form.get('user_id') ?? '', name: form.get('user_name') ?? '' }
  if (actor.id === '') return null
  const [, verb = '', id = '', rest = ''] =
    /^\s*(\S+)\s+(\S+)\s*([\s\S]*)$/.exec(form.get('text') ?? '') ?? []
  const usage = { acts: [], answer: ephemeral(USAGE) }
  if (!ALERT_ID.test(id)) return usage
  const common = { id: '', alert: { by: 'alert', id }, actor } as const
  const note = rest.trim()
  switch (verb) {
    case 'ack':
      return { acts: [{ ...common, verb: 'acknowledge', note }], isAnswered: true }
    case 'comment':
      return note === '' ? usage : { acts: [{ ...common, verb: 'comment', note }], isAnswered: true }
    case 'resolve': {
      const [, word = '', text = ''] = /^(\S+)\s*([\s\S]*)$/.exec(note) ?? []
      const reason = reasonOf(word)
      if (reason === null) return usage
      return { acts: [{ ...common, verb: 'resolve', reason, note: text }], isAnswered: true }
    }
    default:
      return usage
  }
}

/** Only the person sees it. */
export function ephemeral(text: string): Readonly<Record<string, unknown>> {
  return { response_type: 'ephemeral', text }
}

function reasonOf(value: unknown): ClosedReason | null {
  return CLOSED_REASONS.find((reason) => reason === value) ?? null
}
