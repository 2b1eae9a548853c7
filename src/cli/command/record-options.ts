/** The options of `run` that record events in archives. */
import { resolve } from 'node:path'
import { readArchiveKeys } from '../../archive/archive-keys.ts'
import type { RecordingOptions } from '../../archive/archive-recorder.ts'
import { UserError } from '../../errors.ts'
import { maskRulesOf } from '../../masking/masker.ts'
import { durationMs } from './duration.ts'
import { list, parsed, text, type Values, wholeNumber } from './options.ts'

const MIN_ARCHIVE_BYTES = 128 * 1024 * 1024

export const RECORD_OPTIONS = {
  record: text('--record <folder>', 'record the events in archives in this folder, which replay reads'),
  recordKeyFile: text('--record-key-file <file>', 'encrypt archives with the first key of this file'),
  recordSample: list(
    '--record-sample <[type=]share>',
    'share of the events to record, of one log type or of all others, for example AWS.CloudTrail=10%',
  ),
  recordRate: parsed(
    '--record-rate <n>',
    'maximum number of events of a log type to record in a second',
    wholeNumber(1),
  ),
  recordMask: list(
    '--record-mask <what>',
    'replace by pseudonyms: secrets, personal (addresses of mail and networks), or the name of a field',
  ),
  recordMaxAge: parsed(
    '--record-max-age <time>',
    'remove archives older than this, for example 30d',
    durationMs,
  ),
  recordMaxBytes: parsed(
    '--record-max-bytes <n>',
    'remove the oldest archives beyond this size in bytes',
    wholeNumber(MIN_ARCHIVE_BYTES),
  ),
}

/** Returns null without `--record`. */
export function recordingOf(options: Values<typeof RECORD_OPTIONS>): RecordingOptions | null {
  const { record, recordKeyFile, recordSample, recordRate, recordMask, recordMaxAge, recordMaxBytes } =
    options
  if (record === undefined) {
    const lists = [...recordSample, ...recordMask]
    const others = [recordKeyFile, recordRate, recordMaxAge, recordMaxBytes]
    if (lists.length === 0 && others.every((value) => value === undefined)) return null
    throw new UserError('the options --record-… require --record', {
      code: 'conflicting-options',
      hint: 'name the folder of the archives with --record',
    })
  }
  return {
    folder: resolve(record),
    keys: recordKeyFile === undefined ? null : readArchiveKeys(recordKeyFile),
    shares: new Map(recordSample.map(parseTypeShare)),
    maxPerSecond: recordRate ?? null,
    mask: recordMask.length === 0 ? null : maskRulesOf(recordMask),
    maxAgeMs: recordMaxAge ?? null,
    maxBytes: recordMaxBytes ?? null,
  }
}

function parseTypeShare(value: string): [type: string, share: number] {
  const at = value.lastIndexOf('=')
  const text = value.slice(at + 1)
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
  if (text !== '' && share >= 0 && share <= 1) return [at < 1 ? '*' : value.slice(0, at), share]
  throw new UserError(`invalid value "${value}" of --record-sample`, {
    code: 'invalid-option',
    hint: 'use a share from 0 % to 100 %, for example 10% or AWS.CloudTrail=0.1',
  })
}
