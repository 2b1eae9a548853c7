/** Jira: creates an issue, in Jira Cloud or Data Center. A retry first searches for the issue. */

import { basicAuth } from '../core/basic-auth.ts'
import { PermanentError } from '../errors.ts'
import type { HttpResponse } from '../model/ports.ts'
import { type Answer, defineDestination, type Message, type Outgoing, type Receipt } from './_destination.ts'
import { env } from './_options.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { Truncation } from './parts/truncate.ts'

interface JiraOptions {
  readonly url: string
  readonly deployment?: 'cloud' | 'dataCenter'
  readonly user?: string
  readonly apiToken?: string
  readonly personalAccessToken?: string
  readonly projectKey: string
  readonly issueType?: string
  readonly labels?: readonly string[]
  readonly assignee?: string
  readonly fields?: Readonly<Record<string, unknown>>
}

const SUMMARY_LIMIT = 255
const DESCRIPTION_LIMIT = 32_767

export default defineDestination<JiraOptions>({
  type: 'jira',
  summary: 'an issue in Jira Cloud or Data Center',
  escapeField: escaped,
  refuses: { HEARTBEAT: 'each heartbeat would create an issue' },
  options: {
    type: 'object',
    required: ['url', 'projectKey'],
    oneOf: [{ required: ['apiToken'] }, { required: ['personalAccessToken'] }],
    dependencies: { apiToken: ['user'], user: ['apiToken'] },
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://example.atlassian.net'],
        description: "The site's address.",
      },
      deployment: {
        enum: ['cloud', 'dataCenter'],
        default: 'cloud',
        description: 'The deployment; it decides how issues are found and users are named.',
      },
      user: {
        type: 'string',
        minLength: 1,
        examples: ['soc-bot@example.com'],
        description: 'The user that creates issues: for Cloud the e-mail address of the account.',
      },
      apiToken: {
        type: 'string',
        minLength: 1,
        secret: true,
        examples: [env('JIRA_API_TOKEN')],
        description: "The user's API token, or for Data Center the password.",
      },
      personalAccessToken: {
        type: 'string',
        minLength: 1,
        secret: true,
        examples: [env('JIRA_TOKEN')],
        description: 'A personal access token of Data Center, in place of user and API token.',
      },
      projectKey: {
        type: 'string',
        pattern: '^[A-Z][A-Z0-9_]+$',
        examples: ['SOC'],
        description: 'Key of the project.',
      },
      issueType: { type: 'string', minLength: 1, default: 'Task', description: 'Name of the issue type.' },
      labels: {
        type: 'array',
        items: { type: 'string', pattern: '^\\S{1,255}$' },
        examples: [['signalbox']],
        description: 'Labels to add, without spaces.',
      },
      assignee: {
        type: 'string',
        minLength: 1,
        examples: ['5b10a2844c20165700ede21g'],
        description: 'The assignee: the account id for Cloud, the user name for Data Center.',
      },
      fields: {
        type: 'object',
        examples: [{ priority: { name: 'High' } }],
        description:
          'Further fields, as the REST API takes them. They may not replace summary and description.',
      },
    },
    additionalProperties: false,
  },
  *exchange(message, options) {
    if (message.repeated) {
      const found = issueIn(yield search(message, options))
      if (found) return { status: 200, message: `200: an earlier attempt created ${found}` }
    }
    const created = yield create(message, options)
    const key = textIn(answerJson(created.body), 'key')
    return key ? { ...created.receipt, message: `${created.status}: created ${key}` } : created.receipt
  },
  receipt,
})

/** Returns the text by which an issue is found, because Jira has no idempotency keys. */
function marker({ idempotencyKey }: Message): string {
  return `signalbox-${idempotencyKey}`
}

function search(message: Message, options: JiraOptions): Outgoing {
  const path = options.deployment === 'dataCenter' ? 'rest/api/2/search' : 'rest/api/2/search/jql'
  const jql = `project = "${options.projectKey}" AND labels = "${marker(message)}"`
  const query = new URLSearchParams({ jql, fields: 'key', maxResults: '1' })
  const headers = { accept: 'application/json', authorization: authorization(options) }
  return { method: 'GET', url: joinUrl(options.url, `${path}?${query.toString()}`), headers, body: '' }
}

function issueIn({ body }: Answer): string {
  const { issues } = (answerJson(body) ?? {}) as { issues?: readonly Record<string, unknown>[] }
  return Array.isArray(issues) ? textIn(issues[0], 'key') : ''
}

function create(message: Message, options: JiraOptions): Outgoing {
  const { projectKey, issueType = 'Task', labels = [], assignee, deployment, fields } = options
  const truncation = new Truncation()
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  const body = {
    fields: {
      ...fields,
      project: { key: projectKey },
      issuetype: { name: issueType },
      summary: truncation.text('summary', title, SUMMARY_LIMIT),
      description: description(message, truncation),
      labels: [...labels, marker(message)],
      ...(assignee !== undefined && {
        assignee: deployment === 'dataCenter' ? { name: assignee } : { id: assignee },
      }),
    },
  }
  const headers = { authorization: authorization(options) }
  return postJson(joinUrl(options.url, 'rest/api/2/issue'), body, { headers, notes: truncation.notes })
}

function authorization({ user = '', apiToken = '', personalAccessToken }: JiraOptions): string {
  return personalAccessToken === undefined ? basicAuth(user, apiToken) : `Bearer ${personalAccessToken}`
}

/** Builds wiki text, which both deployments accept. The context is shortened first. */
function description(message: Message, truncation: Truncation): string {
  const lines = labelledParts(message).map(({ label, text }) => `*${label}:* ${escaped(text)}`)
  const text = truncation.text('description', message.body ?? lines.join('\n'), DESCRIPTION_LIMIT)
  // `{code` can only be inside a JSON string, where the escape has the same meaning.
  const context = contextText(message).replaceAll('{code', '\\u007bcode')
  const [before, after] = ['\n\n*Context:*\n{code:json}\n', '\n{code}']
  const availableChars = DESCRIPTION_LIMIT - text.length - before.length - after.length
  if (!context || message.body !== null) return text
  if (availableChars < 100) {
    truncation.note('left out the context')
    return text
  }
  return text + before + truncation.text('context', context, availableChars) + after
}

/** Escapes markup. A bare URL becomes a link automatically and must stay complete. */
function escaped(text: string): string {
  if (/^https?:\/\/\S+$/.test(text)) return text.replace(/[\\{}[\]|!*^~]/g, encodeURIComponent)
  return text.replace(/[\\{}[\]|!*_^~]/g, '\\$&')
}

/** A missing project or issue type rejects every alert, so it pauses the destination. */
function receipt({ status, body }: HttpResponse): Receipt | undefined {
  if (status !== 400) return undefined
  const { errors = {} } = (answerJson(body) ?? {}) as { errors?: Readonly<Record<string, unknown>> }
  const broken = ['project', 'issuetype'].filter((name) => name in errors)
  if (broken.length === 0) return undefined
  const why = broken.map((name) => `${name}: ${textIn(errors, name)}`).join(', ')
  throw new PermanentError(`400: ${why}`, { status, scope: 'destination' })
}
