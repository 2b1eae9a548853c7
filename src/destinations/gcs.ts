/** Google Cloud Storage: an archive with one object for each alert. */
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import {
  ARCHIVE_PROPERTIES,
  type ArchiveOptions,
  archiveContent,
  archiveKey,
} from './parts/archive-object.ts'
import {
  authorizeByGoogle,
  forgetIdentities,
  type GoogleOptions,
} from './parts/credentials/google-identity.ts'
import { joinUrl } from './parts/json-request.ts'
import { apiUrl, googleCredentials, text } from './parts/option-forms.ts'

interface GcsOptions extends GoogleOptions, ArchiveOptions {
  readonly kmsKey?: string
  readonly apiUrl?: string
}

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write'
const API = 'https://storage.googleapis.com'
/** The object of this delivery exists: only an earlier attempt can have stored it. */
const EXISTS = 'conditionNotMet'

export default defineDestination<GcsOptions>({
  type: 'gcs',
  summary: 'an object in an archive on Google Cloud Storage',
  rate: {
    documented: 'Cloud Storage accepts about 1,000 new objects a second in each bucket, and more later.',
  },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['bucket'],
    properties: {
      bucket: text('The bucket.', 'soc-archive', { pattern: '^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$' }),
      ...ARCHIVE_PROPERTIES,
      kmsKey: text(
        'The key of Cloud KMS that encrypts the objects; absent: that of the bucket.',
        'projects/example/locations/europe-west3/keyRings/soc/cryptoKeys/archive',
        { pattern: '^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$' },
      ),
      credentials: googleCredentials('secrets/archive.json'),
      apiUrl: apiUrl(API, 'Base URL of the API; some regions have their own.', [
        'https://storage.europe-west3.rep.googleapis.com',
      ]),
    },
    additionalProperties: false,
  },
  request(message, options) {
    const { bucket, gzip, kmsKey, apiUrl: base = API } = options
    const { body, compression } = archiveContent(message, options)
    const query = new URLSearchParams({
      uploadType: 'media',
      name: archiveKey(message, options),
      // The object is created only if there is none.
      ifGenerationMatch: '0',
      // The encoding belongs to the object. In a header it would be one of the request.
      ...(gzip && { contentEncoding: 'gzip' }),
      ...(kmsKey !== undefined && { kmsKeyName: kmsKey }),
    })
    return {
      method: 'POST',
      url: `${joinUrl(base, `upload/storage/v1/b/${bucket}/o`)}?${query.toString()}`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
      ...(compression && { compression }),
    }
  },
  answers: {
    provider: 'Google Cloud Storage',
    success: [
      {
        status: [200],
        json: { kind: 'storage#object' },
        field: 'name',
        receipt: (name) => `stored as ${name}`,
      },
      {
        status: [412],
        json: { 'error.errors.0.reason': EXISTS },
        receipt: () => 'an earlier attempt stored the object',
      },
    ],
    error: gcsError,
    rules: [
      {
        codes: [
          'rateLimitExceeded',
          'userRateLimitExceeded',
          'usageLimits.rateLimitExceeded',
          'quotaExceeded',
          'backendError',
          'internalError',
          'gatewayTimeout',
          'uploadBrokenConnection',
        ],
        effect: 'retry',
      },
      {
        codes: [
          'required',
          'authError',
          'forbidden',
          'insufficientPermissions',
          'accountDisabled',
          'accessNotConfigured',
          'usageLimits.accessNotConfigured',
          'countryBlocked',
          'lockedDomainExpired',
        ],
        effect: 'pause',
        meaning: 'the credentials or their permissions',
      },
      { codes: ['notFound', 'gone', 'userProject*'], effect: 'pause', meaning: 'the bucket' },
      { codes: ['cloudKms*', 'CloudKms*'], effect: 'pause', meaning: 'the key that encrypts it' },
      { codes: ['orgPolicyConstraintFailed'], effect: 'pause', meaning: 'a policy of your organization' },
      {
        codes: [
          'invalid*',
          'badRequest*',
          'parseError',
          'notUpload',
          'wrongUrlForUpload',
          'methodNotAllowed',
          'sslRequired',
        ],
        effect: 'pause',
        meaning: 'an option that Cloud Storage does not accept',
      },
      { codes: ['uploadTooLarge'], effect: 'dead' },
    ],
    unlisted: 'pause',
  },
  sign: (request, options, _signal, send) => authorizeByGoogle(request, SCOPE, options, send),
})

/** Cloud Storage has codes of its own, unlike other services of Google. */
function gcsError({ status, body }: HttpResponse): ProviderError | undefined {
  if (status === 401) forgetIdentities()
  const code = textAt(body, 'error.errors.0.reason')
  if (status < 300 || !code || (status === 412 && code === EXISTS)) return undefined
  return { codes: [code], text: `${code}: ${textAt(body, 'error.message')}` }
}
