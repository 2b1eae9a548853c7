import { describe, expect, it } from 'vitest'
import { parseSourceSpec } from '../../src/sources/_source-spec.ts'

const PLAIN = { kind: 'log', type: null, unwrap: null, timeField: null, options: {} }

describe('the text of a source', () => {
  it.each([
    ['stdin', { ...PLAIN, name: 'stdin', address: 'stdin', scheme: 'stdin', target: '' }],
    ['stdin:', { ...PLAIN, name: 'stdin', address: 'stdin', scheme: 'stdin', target: '' }],
    [
      'stdin?logType=Okta.SystemLog',
      { ...PLAIN, name: 'stdin', address: 'stdin', scheme: 'stdin', target: '', type: 'Okta.SystemLog' },
    ],
    [
      'file:/x/y.ndjson?follow=true&logType=AWS.CloudTrail&unwrap=Records&timeField=eventTime',
      {
        name: 'file:/x/y.ndjson',
        address: 'file:/x/y.ndjson',
        scheme: 'file',
        target: '/x/y.ndjson',
        kind: 'log',
        type: 'AWS.CloudTrail',
        unwrap: 'Records',
        timeField: 'eventTime',
        options: { follow: 'true' },
      },
    ],
    [
      'file:C:/x y',
      { ...PLAIN, name: 'file:C:/x y', address: 'file:C:/x y', scheme: 'file', target: 'C:/x y' },
    ],
    [
      'http://[::1]:80',
      { ...PLAIN, name: 'http://[::1]:80', address: 'http://[::1]:80', scheme: 'http', target: '//[::1]:80' },
    ],
    [
      'file:r?kind=resource&type=AWS.S3.Bucket',
      {
        ...PLAIN,
        name: 'file:r',
        address: 'file:r',
        scheme: 'file',
        target: 'r',
        kind: 'resource',
        type: 'AWS.S3.Bucket',
      },
    ],
    [
      'http://[::1]:80?name=ingest-1',
      { ...PLAIN, name: 'ingest-1', address: 'http://[::1]:80', scheme: 'http', target: '//[::1]:80' },
    ],
  ])('%s', (text, spec) => {
    expect(parseSourceSpec(text)).toEqual(spec)
  })

  it.each([
    ['', 'invalid source ""'],
    ['/var/log/x', 'invalid source "/var/log/x"'],
    ['file:x?kind=both', 'invalid kind "both"'],
    ['file:x?kind=resource&logType=A', 'a resource has no log type'],
    ['file:x?type=A&logType=B', 'have different values'],
    ['file:x?follow=true&follow=false', 'duplicate option "follow"'],
    ['file:x?unwrap=', '"unwrap" has no value'],
    ['file:x?name=a:b', 'invalid name "a:b"'],
    ['file:x?name=-a', 'invalid name "-a"'],
    [`file:x?name=${'a'.repeat(65)}`, 'invalid name'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseSourceSpec(text)).toThrow(message)
  })
})
