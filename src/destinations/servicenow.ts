/** ServiceNow: creates a record, an incident for instance. A retry first searches for the record. */

import { basicAuth } from '../core/basic-auth.ts'
import { textAt } from '../core/json-path.ts'
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Outgoing, type ProviderError } from './_destination.ts'
import { TOKEN_OF_TRANSPORT } from './_options.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { createReferenced, referencedId } from './parts/updates/create-referenced.ts'
import { reportRecordUpdate } from './parts/updates/servicenow-update.ts'

interface ServiceNowOptions {
  readonly url: string
  readonly user?: string
  readonly password?: string
  readonly token?: string
  readonly table?: string
  readonly fields?: Readonly<Record<string, unknown>>
  readonly resolveFields?: Readonly<Record<string, unknown>>
  readonly reopenFields?: Readonly<Record<string, unknown>>
}

const SHORT_LIMIT = 160
const DESCRIPTION_LIMIT = 4_000

const URGENCIES: Record<Severity, string> = { INFO: '3', LOW: '3', MEDIUM: '2', HIGH: '1', CRITICAL: '1' }

export default defineDestination<ServiceNowOptions>({
  type: 'servicenow',
  summary: 'an incident in ServiceNow',
  rate: {
    documented: 'ServiceNow limits requests by the rules of the instance, and orders a wait with 429.',
  },
  refuses: { HEARTBEAT: 'each heartbeat would create a record' },
  options: {
    type: 'object',
    required: ['url'],
    oneOf: [{ required: ['password'] }, { required: ['token'] }, TOKEN_OF_TRANSPORT],
    dependencies: { user: ['password'], password: ['user'] },
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://example.service-now.com'],
        description: "The instance's address.",
      },
      user: text('The user that creates records; the role `itil` suffices for incidents.', 'signalbox'),
      password: secretText('SERVICENOW_PASSWORD', "The user's password."),
      token: secretText('SERVICENOW_TOKEN', 'An OAuth access token, in place of user and password.'),
      table: text('The table, for example `sn_si_incident` for security incidents.', undefined, {
        default: 'incident',
        pattern: '^\\w+$',
      }),
      fields: {
        type: 'object',
        examples: [{ assignment_group: 'SOC' }],
        description: 'Further fields, in the form of the Table API.',
      },
      resolveFields: {
        type: 'object',
        examples: [{ state: '6', close_code: 'Solution provided' }],
        description:
          'The fields that resolve a record, with `updates`. For the table `incident` the example is the default; without them the record of another table gets a note alone.',
      },
      reopenFields: {
        type: 'object',
        examples: [{ state: '2' }],
        description: 'The fields that open a record again, with `updates`; defaults as for `resolveFields`.',
      },
    },
    additionalProperties: false,
  },
  exchange: (message, options) =>
    createReferenced(message, placeOf(options), {
      lookUp: () => search(message.idempotencyKey, options),
      listing: 'result',
      found: (body) => textAt(body, 'result.0.sys_id'),
      create: () => create(message, options),
      created: (body) => textAt(body, 'result.sys_id'),
      nameOf: (id, body) => id && textAt(body, 'result.0.number'),
    }),
  updates: {
    events: UPDATE_EVENTS,
    exchange: (update, options) =>
      reportRecordUpdate(update, {
        record: referencedId(update.remoteReference, placeOf(options)),
        tableUrl: tableUrl(options),
        headers: headersOf(options),
        search: (key) => search(key, options),
        ...stateFields(options),
      }),
  },
  answers: {
    provider: 'ServiceNow',
    success: [{ status: [201], field: 'result.number', receipt: (number) => `created ${number}` }],
    error,
    rules: [
      { status: [400], texts: ['invalid table'], effect: 'pause', meaning: 'the option `table`' },
      { status: [400], texts: ['exception while reading request'], effect: 'dead' },
      { status: [402], effect: 'pause', meaning: 'the plan of the instance does not include it' },
      { status: [403], effect: 'pause', meaning: 'an access control or a business rule' },
    ],
  },
})

function error({ body }: HttpResponse): ProviderError | undefined {
  const text = [textAt(body, 'error.message'), textAt(body, 'error.detail')].filter(Boolean).join(': ')
  return text ? { codes: [], text } : undefined
}

function tableUrl({ url, table = 'incident' }: ServiceNowOptions): string {
  return joinUrl(url, `api/now/table/${table}`)
}

function placeOf(options: ServiceNowOptions) {
  return { field: 'record', at: tableUrl(options) }
}

function headersOf({ user = '', password = '', token }: ServiceNowOptions): Record<string, string> {
  return {
    accept: 'application/json',
    authorization: token === undefined ? basicAuth(user, password) : `Bearer ${token}`,
  }
}

/** Only the states of incidents are the same in all instances. */
function stateFields({ table = 'incident', resolveFields, reopenFields }: ServiceNowOptions) {
  const isIncident = table === 'incident'
  return {
    resolveFields:
      resolveFields ?? (isIncident ? { state: '6', close_code: 'Solution provided' } : undefined),
    reopenFields: reopenFields ?? (isIncident ? { state: '2' } : undefined),
  }
}

/** Searches by `correlation_id`, which the table reserves for keys of other systems. */
function search(key: string, options: ServiceNowOptions): Outgoing {
  const query = new URLSearchParams({
    sysparm_query: `correlation_id=${key}`,
    sysparm_fields: 'number,sys_id',
    sysparm_limit: '1',
  })
  const url = `${tableUrl(options)}?${query.toString()}`
  return { method: 'GET', url, headers: headersOf(options), body: '' }
}

function create(message: Message, options: ServiceNowOptions): Outgoing {
  const truncation = new Truncation()
  const { severity, type, alertId } = message.notification
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  const body = {
    category: type,
    subcategory: alertId,
    urgency: URGENCIES[severity],
    impact: URGENCIES[severity],
    ...options.fields,
    short_description: truncation.text('short description', title, SHORT_LIMIT),
    description: truncation.text('description', plainText(message), DESCRIPTION_LIMIT),
    correlation_id: message.idempotencyKey,
    correlation_display: 'Signalbox',
  }
  const url = `${tableUrl(options)}?sysparm_fields=number,sys_id`
  return postJson(url, body, { headers: headersOf(options), notes: truncation.notes })
}
