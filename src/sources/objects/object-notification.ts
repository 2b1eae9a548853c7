/** Finds the objects of S3 that a notification names: direct, through SNS, or of EventBridge. Pure. */

export interface NamedObject {
  readonly bucket: string
  readonly key: string
  /** null in a bucket without versions. */
  readonly version: string | null
  readonly etag: string | null
}

export type Notification =
  /** Without objects there is nothing to read: a test, or objects that were removed. */
  | { readonly kind: 'objects'; readonly objects: readonly NamedObject[] }
  | { readonly kind: 'invalid'; readonly reason: string }

type Json = Readonly<Record<string, unknown>>

const BUCKET = /^[A-Za-z0-9][\w.-]{1,253}[A-Za-z0-9]$/
const MAX_KEY_BYTES = 1024
const VERSION = /^[\w.+/=~-]{1,1024}$/
const ETAG = /^[\w.+/=-]{1,200}$/
/** The version of objects that were written while the bucket kept no versions. Later ones have the same. */
const NO_VERSION = 'null'

/** Returns null for a body that is no notification about objects. */
export function notificationIn(body: string): Notification | null {
  const value = parsed(body)
  const inner = typeof value?.Message === 'string' ? parsed(value.Message) : null
  for (const each of [value, inner]) {
    const found = each === null ? null : (directNotification(each) ?? eventBridgeNotification(each))
    if (found !== null) return found
  }
  return null
}

function directNotification({ Records, Event }: Json): Notification | null {
  if (Event === 's3:TestEvent') return { kind: 'objects', objects: [] }
  if (!Array.isArray(Records) || !Records.some(isRecordOfS3)) return null
  const objects: NamedObject[] = []
  for (const record of Records as unknown[]) {
    if (!isRecordOfS3(record)) return invalid('a record is not one of S3')
    if (!String(record.eventName).startsWith('ObjectCreated:')) continue
    const { bucket, object } = record.s3
    const key = decodedKey(textIn(object, 'key'))
    if (key === null) return invalid('the key of an object cannot be decoded')
    const named = namedObject(textIn(bucket, 'name'), key, {
      version: textIn(object, 'versionId'),
      etag: textIn(object, 'eTag'),
    })
    if (typeof named === 'string') return invalid(named)
    objects.push(named)
  }
  return { kind: 'objects', objects }
}

function isRecordOfS3(record: unknown): record is Json & { readonly s3: Json } {
  return isObject(record) && record.eventSource === 'aws:s3' && isObject(record.s3)
}

function eventBridgeNotification({ source, detail, 'detail-type': type }: Json): Notification | null {
  if (source !== 'aws.s3' || !isObject(detail) || !isObject(detail.object)) return null
  if (type !== 'Object Created') return { kind: 'objects', objects: [] }
  const { bucket, object } = detail
  const named = namedObject(textIn(bucket, 'name'), textIn(object, 'key') ?? '', {
    version: textIn(object, 'version-id'),
    etag: textIn(object, 'etag'),
  })
  return typeof named === 'string' ? invalid(named) : { kind: 'objects', objects: [named] }
}

function invalid(reason: string): Notification {
  return { kind: 'invalid', reason: `invalid notification about objects of S3: ${reason}` }
}

/** Keys of direct notifications are encoded as in a form: a space is a plus. */
function decodedKey(key: string | null): string | null {
  try {
    return key === null ? null : decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return null
  }
}

/** Returns the reason if the object cannot be one of S3, or cannot be distinguished from a later object with its key. */
function namedObject(
  bucket: string | null,
  key: string,
  { version: givenVersion, etag: givenEtag }: Pick<NamedObject, 'version' | 'etag'>,
): NamedObject | string {
  if (bucket === null || !BUCKET.test(bucket)) return 'the name of the bucket is invalid'
  if (key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES || !key.isWellFormed() || key.includes('\0')) {
    return 'the key of an object is invalid'
  }
  const version = givenVersion === NO_VERSION ? null : givenVersion
  const etag = givenEtag?.replace(/^"(.*)"$/, '$1') ?? null
  if (version === null && etag === null) return 'an object has neither a version nor an ETag'
  if (version !== null && !VERSION.test(version)) return 'the version of an object is invalid'
  if (etag !== null && !ETAG.test(etag)) return 'the ETag of an object is invalid'
  return { bucket, key, version, etag }
}

function textIn(value: unknown, key: string): string | null {
  const text = isObject(value) ? value[key] : null
  return typeof text === 'string' && text !== '' ? text : null
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
