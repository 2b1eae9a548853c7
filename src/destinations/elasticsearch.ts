/** Elasticsearch and OpenSearch: the notification as a document, the same one for every attempt. */
import { basicAuth } from '../core/basic-auth.ts'
import { parseExact } from '../core/exact-json.ts'
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type ProviderError } from './_destination.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { secretText, text } from './parts/option-forms.ts'

interface ElasticsearchOptions {
  readonly url: string
  readonly index: string
  readonly apiKey?: string
  readonly user?: string
  readonly password?: string
  readonly pipeline?: string
}

const CONFLICT = 'version_conflict_engine_exception'

export default defineDestination<ElasticsearchOptions>({
  type: 'elasticsearch',
  summary: 'a document in Elasticsearch or OpenSearch',
  rate: { documented: 'A cluster answers 429 when it is busy, and documents no rate.' },
  templates: ['payload'],
  options: {
    type: 'object',
    required: ['url', 'index'],
    oneOf: [{ required: ['apiKey'] }, { required: ['user'] }],
    dependencies: { user: ['password'], password: ['user'] },
    properties: {
      url: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://elastic.example.com:9200'],
        description: 'URL of the cluster.',
      },
      index: text('Index, alias or data stream.', 'signalbox-alerts', {
        pattern: '^[^-_+.A-Z\\\\/*?"<>| ,#:][^A-Z\\\\/*?"<>| ,#:]*$',
      }),
      apiKey: secretText('ELASTIC_API_KEY', 'API key of Elasticsearch in its encoded form.'),
      user: text('User for basic authentication, as OpenSearch has it.', 'signalbox'),
      password: secretText('OPENSEARCH_PASSWORD', 'Password of the user.'),
      pipeline: text('Ingest pipeline that the document goes through.', 'alerts'),
    },
    additionalProperties: false,
  },
  request(message, options) {
    const { url, index, pipeline } = options
    const query = pipeline ? `?pipeline=${encodeURIComponent(pipeline)}` : ''
    const path = `${encodeURIComponent(index)}/_create/${encodeURIComponent(message.idempotencyKey)}${query}`
    return postJson(joinUrl(url, path), message.payload ?? documentText(message), {
      headers: { authorization: authorization(options) },
    })
  },
  answers: {
    provider: 'Elasticsearch',
    success: [
      { status: [201], json: { result: 'created' }, field: '_id', receipt: (id) => `created ${id}` },
      {
        status: [409],
        json: { 'error.type': CONFLICT },
        field: 'error.type',
        receipt: () => 'an earlier attempt created the document',
      },
    ],
    error,
    rules: [
      {
        codes: ['cluster_block_exception'],
        texts: ['index write', 'read-only (api)', 'index closed'],
        effect: 'pause',
        meaning: 'the index is blocked by its settings',
      },
      {
        codes: [
          'cluster_block_exception',
          'es_rejected_execution_exception',
          'rejected_execution_exception',
          'circuit_breaking_exception',
          'unavailable_shards_exception',
          'no_shard_available_action_exception',
          'process_cluster_event_timeout_exception',
          'master_not_discovered_exception',
          'cluster_manager_not_discovered_exception',
        ],
        effect: 'retry',
        meaning: 'busy, or a disk is full',
      },
      {
        codes: ['illegal_argument_exception'],
        texts: ['no write index', 'pipeline with id'],
        effect: 'pause',
        meaning: 'the alias or the pipeline',
      },
      {
        codes: [
          'security_exception',
          'index_not_found_exception',
          'index_closed_exception',
          'invalid_index_name_exception',
          'validation_exception',
          'strict_dynamic_mapping_exception',
        ],
        effect: 'pause',
        meaning: 'the credentials, the index or its mapping',
      },
      {
        codes: [
          'mapper_parsing_exception',
          'document_parsing_exception',
          'illegal_argument_exception',
          'x_content_parse_exception',
        ],
        effect: 'dead',
        meaning: 'a field has another type in the index: see Mapping',
      },
    ],
  },
})

/** The exact notification with the time that data streams require. */
function documentText({ json, notification }: Message): string {
  return JSON.stringify({ '@timestamp': notification.createdAt, ...(parseExact(json) as object) })
}

function authorization({ apiKey, user = '', password = '' }: ElasticsearchOptions): string {
  return apiKey === undefined ? basicAuth(user, password) : `ApiKey ${apiKey}`
}

/** A conflict is the success of an earlier attempt, and no error. */
function error({ status, body }: HttpResponse): ProviderError | undefined {
  const [type, reason] = [textAt(body, 'error.type'), textAt(body, 'error.reason')]
  if (status < 400 || type === CONFLICT) return undefined
  const text = [type, reason].filter(Boolean).join(': ') || textAt(body, 'error')
  return text ? { codes: type ? [type] : [], text } : undefined
}
