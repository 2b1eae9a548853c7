/** Asana: creates a task in one or more projects. A retry first searches for the task. */
import { textAt } from '../core/json-path.ts'
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { HttpResponse } from '../model/ports.ts'
import {
  type Answer,
  defineDestination,
  type Message,
  type Outgoing,
  type ProviderError,
} from './_destination.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { apiUrl, secretText } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { createReferenced, referencedId } from './parts/updates/create-referenced.ts'
import { reportIssueUpdate } from './parts/updates/issue-update.ts'

interface AsanaOptions {
  readonly personalAccessToken: string
  readonly projectGids: readonly string[]
  readonly assignee?: string
  readonly apiUrl?: string
}

const NAME_LIMIT = 1_024
const NOTES_LIMIT = 65_535
const API = 'https://app.asana.com/api/1.0'

export default defineDestination<AsanaOptions>({
  type: 'asana',
  summary: 'a task in Asana projects',
  rate: {
    documented: 'Asana accepts 150 requests a minute in its free plan, and 1,500 in others.',
    limit: { perMinute: 150, burst: 20 },
  },
  refuses: { HEARTBEAT: 'each heartbeat would create a task' },
  options: {
    type: 'object',
    required: ['personalAccessToken', 'projectGids'],
    properties: {
      personalAccessToken: secretText(
        'ASANA_TOKEN',
        'A personal access token, or that of a service account.',
      ),
      projectGids: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', pattern: '^\\d+$' },
        examples: [['1200000000000001']],
        description: 'Ids of the projects; the one task is in all of them.',
      },
      assignee: {
        type: 'string',
        minLength: 1,
        examples: ['soc@example.com'],
        description: 'The assignee, by id or e-mail address.',
      },
      apiUrl: apiUrl(API, 'Base URL of the API.'),
    },
    additionalProperties: false,
  },
  exchange: (message, options) =>
    createReferenced(message, placeOf(options), {
      ...searchFor(marker(message), message, options),
      create: () => create(message, options),
      created: (body) => textAt(body, 'data.gid'),
      nameOf: taskName,
    }),
  updates: {
    events: UPDATE_EVENTS,
    exchange: (update, options) => {
      const { lookUp, listing, found } = searchFor(`signalbox-${update.firstKey}`, update, options)
      return reportIssueUpdate(update, {
        issue: referencedId(update.remoteReference, placeOf(options)),
        search: lookUp,
        listing,
        found,
        commentListing: 'data',
        escaped: (text) => text,
        nameOf: taskName,
        ...requestsOf(options),
      })
    },
  },
  answers: {
    provider: 'Asana',
    success: [{ status: [201], field: 'data.gid', receipt: (gid) => `created task ${gid}` }],
    error,
    rules: [
      { status: [400], codes: ['name', 'notes'], effect: 'dead' },
      {
        status: [400],
        codes: ['*'],
        effect: 'pause',
        meaning: 'a field that no alert changes, such as `projects` or `assignee`',
      },
      { status: [402], effect: 'pause', meaning: 'the plan of the workspace does not include it' },
      { status: [451], effect: 'pause', meaning: 'blocked for legal reasons' },
    ],
  },
})

/** A message that concerns a field begins with its name. */
function error({ body }: HttpResponse): ProviderError | undefined {
  const text = textAt(body, 'errors.0.message')
  if (!text) return undefined
  const field = /^(\w+)(?:\.\w+)?: /.exec(text)?.[1]
  return { codes: field === undefined ? [] : [field], text }
}

/** Returns the text by which a task is found, because Asana has no idempotency keys. */
function marker({ idempotencyKey }: Message): string {
  return `signalbox-${idempotencyKey}`
}

/** The gid of a task is the same in all projects. */
function placeOf({ apiUrl: at = API }: AsanaOptions) {
  return { field: 'task', at }
}

function taskName(gid: string): string {
  return gid && `task ${gid}`
}

function searchFor(mark: string, message: Message, options: AsanaOptions) {
  return {
    lookUp: () => recent(message, options),
    listing: 'data',
    nextPage: ({ body }: Answer) => nextPage(recent(message, options), body),
    found: (body: string) => taskWith(mark, body),
  }
}

/** The gid of a task stands before its notes. A quote in a note is escaped, so that no note can contain another gid. */
function taskWith(mark: string, body: string): string {
  const [before, ...after] = body.split(mark)
  if (after.length === 0) return ''
  return [...before!.matchAll(/"gid"\s*:\s*"(\d+)"/g)].at(-1)?.[1] ?? ''
}

function nextPage(request: Outgoing, body: string): Outgoing | undefined {
  const offset = textAt(body, 'next_page.offset')
  if (!offset) return undefined
  return { ...request, url: `${request.url}&${new URLSearchParams({ offset }).toString()}` }
}

/** Tasks since the alert was made, with their notes: what Asana's search would find needs a paid plan. */
function recent(message: Message, options: AsanaOptions): Outgoing {
  const query = new URLSearchParams({
    project: options.projectGids[0] ?? '',
    modified_since: message.notification.createdAt,
    opt_fields: 'notes',
    limit: '100',
  })
  const url = joinUrl(options.apiUrl ?? API, `tasks?${query.toString()}`)
  return { method: 'GET', url, headers: headersOf(options), body: '' }
}

/** Asana lists comments from the first one on, and cannot search them. */
function requestsOf(options: AsanaOptions) {
  const taskUrl = (gid: string) => joinUrl(options.apiUrl ?? API, `tasks/${gid}`)
  const headers = headersOf(options)
  const comments = (gid: string): Outgoing => {
    const query = new URLSearchParams({ opt_fields: 'text', limit: '100' })
    return { method: 'GET', url: `${taskUrl(gid)}/stories?${query.toString()}`, headers, body: '' }
  }
  return {
    comments,
    nextComments: (gid: string, { body }: Answer) => nextPage(comments(gid), body),
    comment: (gid: string, text: string, mark: string): Outgoing => {
      const truncation = new Truncation()
      const end = `\n\n${mark}`
      const data = { text: truncation.text('comment', text, NOTES_LIMIT - end.length) + end }
      return {
        ...postJson(`${taskUrl(gid)}/stories`, { data }, { headers, notes: truncation.notes }),
        success: [{ status: [201], field: 'data.gid', receipt: (id) => `comment ${id} on task ${gid}` }],
      }
    },
    setState: (gid: string, state: 'open' | 'closed'): Outgoing => ({
      ...postJson(taskUrl(gid), { data: { completed: state === 'closed' } }, { headers }),
      method: 'PUT',
      success: [{ status: [200], field: 'data.gid' }],
    }),
  }
}

function create(message: Message, options: AsanaOptions): Outgoing {
  const { projectGids, assignee, apiUrl: base = API } = options
  const truncation = new Truncation()
  const end = `\n\n${marker(message)}`
  const data = {
    name: truncation.text('name', message.title || headline(message.notification), NAME_LIMIT),
    notes: `${truncation.text('notes', plainText(message), NOTES_LIMIT - end.length)}${end}`,
    projects: projectGids,
    ...(assignee !== undefined && { assignee }),
  }
  return postJson(joinUrl(base, 'tasks'), { data }, { headers: headersOf(options), notes: truncation.notes })
}

function headersOf({ personalAccessToken }: AsanaOptions): Record<string, string> {
  return { authorization: `Bearer ${personalAccessToken}` }
}
