/** Jira: an issue that gets a status of the category Done resolves its alert, and a comment becomes one of the alert. */
import type { ClosedReason } from '../model/alerts/alert-status.ts'
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

/** A signature stays valid for ever, so an old request is refused. The store knows for longer which it has seen. */
const MAX_AGE_MS = 7 * 24 * 60 * 60_000
/** The mark that the destination leaves in issues and in its comments. */
const MARK = /(?:^|\s)signalbox-([0-9a-f]{32})\s*$/
const MARK_LABEL = /^signalbox-([0-9a-f]{32})$/

export const JIRA_HOOK: Hook = {
  verify(headers, body, secret, now) {
    const signature = /^sha256=(.*)$/.exec(headers['x-hub-signature'] ?? '')?.[1] ?? ''
    if (!isSignedBy(secret, [body], signature)) return 'the signature is missing or wrong'
    const sentAt = valueAt(objectOf(body.toString('utf8')), 'timestamp')
    return typeof sentAt === 'number' && now - sentAt > MAX_AGE_MS ? 'the request is older than 7 days' : null
  },
  read(body, settings) {
    const request = objectOf(body)
    if (request === null || typeof request.webhookEvent !== 'string') return null
    const record = textAtPath(request, 'issue', 'key')
    if (record === '') return { acts: [] }
    const delivery = deliveryOf(request)
    const records = delivery === null ? [] : [{ record, delivery }]
    const alert: HookAct['alert'] =
      delivery === null ? { by: 'record', id: record } : { by: 'delivery', id: delivery }
    const { webhookEvent } = request
    const acts =
      webhookEvent === 'comment_created'
        ? commentOf(request, alert, settings.ignoreUsers)
        : webhookEvent === 'jira:issue_updated'
          ? resolutionOf(request, alert, settings)
          : []
    return { acts, records }
  },
}

/** The mark is a label, or with `marker: description` the end of the description. */
function deliveryOf(request: unknown): string | null {
  const labels = valueAt(request, 'issue', 'fields', 'labels')
  for (const label of Array.isArray(labels) ? labels : []) {
    const found = typeof label === 'string' ? MARK_LABEL.exec(label) : null
    if (found) return found[1]!
  }
  return MARK.exec(textAtPath(request, 'issue', 'fields', 'description'))?.[1] ?? null
}

interface User {
  readonly actor: HookAct['actor']
  readonly isIgnored: boolean
}

/** Jira Cloud has account ids, Data Center names. */
function userOf(user: unknown, ignored: readonly string[]): User | null {
  const [account, name] = [textAtPath(user, 'accountId'), textAtPath(user, 'name')]
  const id = account || name
  if (id === '') return null
  const names = [account, name, textAtPath(user, 'emailAddress')]
  const isIgnored = names.some((each) => each !== '' && ignored.includes(each))
  return { actor: { id, name: textAtPath(user, 'displayName') }, isIgnored }
}

function commentOf(
  request: unknown,
  alert: HookAct['alert'],
  ignored: readonly string[],
): HookReading['acts'] {
  const comment = asObject(valueAt(request, 'comment'))
  const user = userOf(comment?.author, ignored)
  const [id, note] = [textAtPath(comment, 'id'), textAtPath(comment, 'body')]
  // A comment with the mark is an update of Signalbox.
  if (!user || user.isIgnored || id === '' || note.trim() === '' || MARK.test(note)) return []
  return [{ id: `comment ${id}`, verb: 'comment', alert, actor: user.actor, note }]
}

function resolutionOf(
  request: unknown,
  alert: HookAct['alert'],
  {
    ignoreUsers,
    closedReasons,
  }: { ignoreUsers: readonly string[]; closedReasons: Record<string, ClosedReason> },
): HookReading['acts'] {
  const items = valueAt(request, 'changelog', 'items')
  const isMoved = Array.isArray(items) && items.some((item) => textAtPath(item, 'field') === 'status')
  const fields = valueAt(request, 'issue', 'fields')
  const isDone = textAtPath(fields, 'status', 'statusCategory', 'key') === 'done'
  const user = userOf(valueAt(request, 'user'), ignoreUsers)
  if (!isMoved || !isDone || !user || user.isIgnored) return []
  const resolution = textAtPath(fields, 'resolution', 'name')
  const reason = Object.hasOwn(closedReasons, resolution) ? closedReasons[resolution]! : 'fixed'
  return [{ id: '', verb: 'resolve', reason, alert, actor: user.actor, note: '' }]
}
