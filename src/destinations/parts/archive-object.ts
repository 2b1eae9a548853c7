/** Objects of an archive: each delivery has one, whose name is the same on every attempt. */
import type { Message } from '../_destination.ts'

/** The options by which an archive arranges its objects. */
export interface ArchiveOptions {
  readonly bucket: string
  readonly prefix?: string
  readonly partition?: 'date' | 'hive'
  readonly gzip?: boolean
}

export const ARCHIVE_PROPERTIES = {
  prefix: {
    type: 'string',
    minLength: 1,
    maxLength: 500,
    pattern: '^(?!.*(?:^|/)\\.{0,2}(?:/|$))[\\w.=/-]+$',
    examples: ['signalbox/alerts'],
    description: 'Folders before the date, without a slash at either end.',
  },
  partition: {
    enum: ['date', 'hive'],
    default: 'date',
    description:
      'The folders of the date on which the alert was created, in UTC: `2026/01/31`, or `year=2026/month=01/day=31` as query engines know it from Hive.',
  },
  gzip: {
    type: 'boolean',
    default: false,
    description: 'Compress the object; its name then ends in `.gz`.',
  },
} as const

const JSON_TYPE = { 'content-type': 'application/json' }

/** Returns the key of the object. The date of the alert is in it, and not that of the attempt. */
export function archiveKey({ notification, idempotencyKey }: Message, options: ArchiveOptions): string {
  const [year, month, day] = notification.createdAt.slice(0, 10).split('-')
  const { prefix, partition, gzip } = options
  const folders = partition === 'hive' ? [`year=${year}`, `month=${month}`, `day=${day}`] : [year, month, day]
  const name = `${idempotencyKey}.json${gzip ? '.gz' : ''}`
  return [...(prefix === undefined ? [] : [prefix]), ...folders, name].join('/')
}

/** Returns the content of the object: the payload of a template, or the exact notification. */
export function archiveContent(message: Message, { gzip }: ArchiveOptions) {
  return {
    body: message.payload ?? message.json,
    headers: { ...JSON_TYPE, ...(gzip && { 'content-encoding': 'gzip' }) },
    ...(gzip && { compression: 'gzip' as const }),
  }
}
