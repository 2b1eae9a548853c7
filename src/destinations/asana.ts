/** Asana: creates a task in one or more projects. A retry first searches for the task. */
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Outgoing, type ProviderError } from './_destination.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { createOnce } from './parts/create-once.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { apiUrl, secretText } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

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
    createOnce(message, {
      lookUp: () => recent(message, options),
      listing: 'data',
      found: ({ body }) => (body.includes(marker(message)) ? 'the task' : ''),
      create: () => create(message, options),
    }),
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
