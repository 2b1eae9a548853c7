/** Jira: creates an issue, in Jira Cloud or Data Center. A retry first searches for the issue. */

import { basicAuth } from '../core/basic-auth.ts'
import { textAt } from '../core/json-path.ts'
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Outgoing, type ProviderError } from './_destination.ts'
import { env, TOKEN_OF_TRANSPORT } from './_options.ts'
import { contextText, headline, labelledParts } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { Truncation } from './parts/truncate.ts'
import { createReferenced, referencedId } from './parts/updates/create-referenced.ts'
import { reportJiraUpdate } from './parts/updates/jira-update.ts'

interface JiraOptions {
  readonly url: string
  readonly deployment?: 'cloud' | 'dataCenter'
  readonly user?: string
  readonly apiToken?: string
  readonly personalAccessToken?: string
  readonly projectKey: string
  readonly issueType?: string
  readonly labels?: readonly string[]
  readonly marker?: 'label' | 'description'
  readonly assignee?: string
  readonly fields?: Readonly<Record<string, unknown>>
  readonly resolveTransition?: string
}

const SUMMARY_LIMIT = 255
const DESCRIPTION_LIMIT = 32_767

export default defineDestination<JiraOptions>({
  type: 'jira',
  summary: 'an issue in Jira Cloud or Data Center',
  rate: {
    documented:
      'Jira Cloud limits the cost of all requests of a site, and orders a wait with 429. Data Center does as its administrator has set.',
  },
  escapeField: escaped,
  refuses: { HEARTBEAT: 'each heartbeat would create an issue' },
  options: {
    type: 'object',
    required: ['url', 'projectKey'],
    oneOf: [{ required: ['apiToken'] }, { required: ['personalAccessToken'] }, TOKEN_OF_TRANSPORT],
    dependencies: {
      apiToken: ['user'],
      user: ['apiToken'],
      personalAccessToken: {
        properties: {
          deployment: { const: 'dataCenter', description: 'The deployment that has such tokens.' },
        },
      },
    },
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
        description:
          'The deployment; it decides how issues are found and users are named. A personal access token exists for Data Center alone, so `dataCenter` is then the default, and `cloud` is an error.',
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
      marker: {
        enum: ['label', 'description'],
        default: 'label',
        description:
          'Where the key is put by which a repeated attempt finds the issue: use `description` where the project has no labels on its screen.',
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
      resolveTransition: {
        type: 'string',
        minLength: 1,
        examples: ['Done'],
        description:
          'Name of the transition for resolved alerts, with `updates`. Without it: the first one that leads to a status of the category *Done*.',
      },
    },
    additionalProperties: false,
  },
  exchange: (message, options) =>
    createReferenced(message, placeOf(options), {
      lookUp: () => search(marker(message), options),
      listing: 'issues',
      found: (body) => textAt(body, 'issues.0.key'),
      create: () => create(message, options),
      created: (body) => textAt(body, 'key'),
    }),
  updates: {
    events: UPDATE_EVENTS,
    exchange: (update, options) =>
      reportJiraUpdate(update, {
        get: (path) => get(path, options),
        post: (path, body, notes = []) => {
          const headers = { authorization: authorization(options) }
          return postJson(joinUrl(options.url, path), body, { headers, notes })
        },
        search: (key) => search(`signalbox-${key}`, options),
        issue: referencedId(update.remoteReference, placeOf(options)),
        escaped,
        resolveTransition: options.resolveTransition,
      }),
  },
  answers: {
    provider: 'Jira',
    success: [{ status: [201], field: 'key', receipt: (key) => `created ${key}` }],
    error,
    rules: [
      // https://developer.atlassian.com/cloud/jira/platform/change-notice-update-in-simultaneous-transitions-issue-api/
      { status: [409], effect: 'retry', meaning: 'another request changes the issue at the same time' },
      { status: [400], codes: ['summary', 'description'], effect: 'dead' },
      {
        status: [400],
        codes: ['*'],
        effect: 'pause',
        meaning: 'a field that no alert changes: correct the options, or the screen of the project',
      },
    ],
  },
})

/** The codes are the fields that Jira refuses. */
function error({ body }: HttpResponse): ProviderError | undefined {
  const { errors, errorMessages } = (answerJson(body) ?? {}) as {
    errors?: Readonly<Record<string, unknown>>
    errorMessages?: readonly unknown[]
  }
  const fields = typeof errors === 'object' && errors !== null ? Object.keys(errors) : []
  const described = fields.map((field) => `${field}: ${textIn(errors, field)}`)
  const text = [...(Array.isArray(errorMessages) ? errorMessages : []), ...described].join(', ')
  return text ? { codes: fields, text } : undefined
}

/** Returns the text by which an issue is found, because Jira has no idempotency keys. */
function marker({ idempotencyKey }: Message): string {
  return `signalbox-${idempotencyKey}`
}

/** The key of an issue is unique in its site. */
function placeOf({ url: at }: JiraOptions) {
  return { field: 'key', at }
}

function search(mark: string, options: JiraOptions): Outgoing {
  const path = deploymentOf(options) === 'dataCenter' ? 'rest/api/2/search' : 'rest/api/2/search/jql'
  const place = options.marker === 'description' ? `description ~ "\\"${mark}\\""` : `labels = "${mark}"`
  const jql = `project = "${options.projectKey}" AND ${place}`
  const query = new URLSearchParams({ jql, fields: 'key', maxResults: '1' })
  return get(`${path}?${query.toString()}`, options)
}

function get(path: string, options: JiraOptions): Outgoing {
  const headers = { accept: 'application/json', authorization: authorization(options) }
  return { method: 'GET', url: joinUrl(options.url, path), headers, body: '' }
}

function create(message: Message, options: JiraOptions): Outgoing {
  const { projectKey, issueType = 'Task', labels, assignee, fields } = options
  const inLabel = options.marker !== 'description'
  const shownLabels = [...(labels ?? []), ...(inLabel ? [marker(message)] : [])]
  const truncation = new Truncation()
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  const body = {
    fields: {
      ...fields,
      project: { key: projectKey },
      issuetype: { name: issueType },
      summary: truncation.text('summary', title, SUMMARY_LIMIT),
      description: inLabel
        ? description(message, truncation, DESCRIPTION_LIMIT)
        : markedDescription(message, truncation),
      ...(shownLabels.length > 0 && { labels: shownLabels }),
      ...(assignee !== undefined && {
        assignee: deploymentOf(options) === 'dataCenter' ? { name: assignee } : { id: assignee },
      }),
    },
  }
  const headers = { authorization: authorization(options) }
  return postJson(joinUrl(options.url, 'rest/api/2/issue'), body, { headers, notes: truncation.notes })
}

/** Only Data Center has personal access tokens. */
function deploymentOf({ personalAccessToken, deployment = 'cloud' }: JiraOptions): 'cloud' | 'dataCenter' {
  return personalAccessToken === undefined ? deployment : 'dataCenter'
}

function authorization({ user = '', apiToken = '', personalAccessToken }: JiraOptions): string {
  return personalAccessToken === undefined ? basicAuth(user, apiToken) : `Bearer ${personalAccessToken}`
}

/** The last line of the description is the marker, for projects without labels on their screen. */
function markedDescription(message: Message, truncation: Truncation): string {
  const end = `\n\n${marker(message)}`
  return description(message, truncation, DESCRIPTION_LIMIT - end.length) + end
}

/** Builds wiki text, which both deployments accept. The context is shortened first. */
function description(message: Message, truncation: Truncation, limit: number): string {
  const lines = labelledParts(message).map(({ label, text }) => `*${label}:* ${escaped(text)}`)
  const text = truncation.text('description', message.body ?? lines.join('\n'), limit)
  // `{code` can only be inside a JSON string, where the escape has the same meaning.
  const context = contextText(message).replaceAll('{code', '\\u007bcode')
  const [before, after] = ['\n\n*Context:*\n{code:json}\n', '\n{code}']
  const availableChars = limit - text.length - before.length - after.length
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
  return text
    .replace(/[\\{}[\]|!*_^~]/g, '\\$&')
    .replace(BLOCK_SYNTAX, `$1${ZERO_WIDTH_SPACE}$2`)
    .replace(/\?(?=\?)/g, `?${ZERO_WIDTH_SPACE}`)
}

/** These make a heading, a quotation, a list or a rule at the beginning of a line. No backslash escapes all of them. */
const BLOCK_SYNTAX = /^([ \t]*)(h[1-6]\.|bq\.|[#+-])/gm
const ZERO_WIDTH_SPACE = '\u200b'
