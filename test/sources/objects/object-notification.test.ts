import { describe, expect, it } from 'vitest'
import { notificationIn } from '../../../src/sources/objects/object-notification.ts'

const record = (key: string, more: object = {}) => ({
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:Put',
  s3: { bucket: { name: 'trail' }, object: { key, eTag: 'e1', ...more } },
})
const objectsIn = (body: unknown) => notificationIn(JSON.stringify(body))
const NAMED = { bucket: 'trail', version: null, etag: 'e1' }
const named = (key: string, more: object = {}) => ({
  kind: 'objects',
  objects: [{ ...NAMED, key, ...more }],
})
const eventBridge = (type: string, object: object) => ({
  source: 'aws.s3',
  'detail-type': type,
  detail: { bucket: { name: 'trail' }, object },
})

describe('the objects of a notification', () => {
  it('are those of all records, with decoded keys', () => {
    const body = { Records: [record('a+b%2B%C3%A4/c.json.gz'), record('d', { versionId: 'v.1' })] }
    expect(objectsIn(body)).toEqual({
      kind: 'objects',
      objects: [
        { ...NAMED, key: 'a b+ä/c.json.gz' },
        { ...NAMED, key: 'd', version: 'v.1' },
      ],
    })
  })

  it('are found through SNS', () => {
    const Message = JSON.stringify({ Records: [record('a%3Db')] })
    expect(objectsIn({ Type: 'Notification', Message })).toEqual(named('a=b'))
  })

  it('of EventBridge have keys that are not encoded', () => {
    const object = { key: 'a+b%2B', etag: 'e1', 'version-id': 'v1' }
    expect(objectsIn(eventBridge('Object Created', object))).toEqual(named('a+b%2B', { version: 'v1' }))
    const Message = JSON.stringify(eventBridge('Object Created', object))
    expect(objectsIn({ Message })).toEqual(named('a+b%2B', { version: 'v1' }))
  })

  it('without versions are known by their ETag', () => {
    expect(objectsIn({ Records: [record('a', { versionId: 'null', eTag: '"e2"' })] })).toEqual(
      named('a', { etag: 'e2' }),
    )
  })

  it.each([
    ['a test', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'trail' }],
    ['a removal', { Records: [{ ...record('a'), eventName: 'ObjectRemoved:Delete' }] }],
    ['a restored object', { Records: [{ ...record('a'), eventName: 'ObjectRestore:Completed' }] }],
    ['a removal of EventBridge', eventBridge('Object Deleted', { key: 'a', etag: 'e1' })],
  ])('are none for %s', (_what, body) => {
    expect(objectsIn(body)).toEqual({ kind: 'objects', objects: [] })
  })

  it.each([
    ['words'],
    [JSON.stringify({ Records: [{ eventSource: 'aws:ses' }] })],
    [JSON.stringify({ Records: [] })],
    [JSON.stringify({ Message: 'words' })],
    [JSON.stringify({ source: 'aws.guardduty', detail: { object: {} } })],
    [JSON.stringify([record('a')])],
  ])('are not looked for in other messages: %s', (body) => {
    expect(notificationIn(body)).toBeNull()
  })

  it.each([
    ['a key that cannot be decoded', record('%E0%A4%A'), 'the key of an object cannot be decoded'],
    ['a key with U+0000', record('a%00b'), 'the key of an object is invalid'],
    ['a key that is too long', record('k'.repeat(1025)), 'the key of an object is invalid'],
    ['no ETag', record('a', { eTag: undefined }), 'an object has neither a version nor an ETag'],
    ['an ETag with a line break', record('a', { eTag: 'e\r\nx: y' }), 'the ETag of an object is invalid'],
    ['a version with a query', record('a', { versionId: 'v&x=y' }), 'the version of an object is invalid'],
    [
      'a bucket that is a path',
      { ...record('a'), s3: { bucket: { name: '../x' }, object: { key: 'a', eTag: 'e' } } },
      'the name of the bucket is invalid',
    ],
  ])('are refused with %s', (_what, one, reason) => {
    expect(objectsIn({ Records: [one] })).toEqual({
      kind: 'invalid',
      reason: `invalid notification about objects of S3: ${reason}`,
    })
  })
})
