/** WORKER THREAD. Recognizes records that wrap events in the formats of cloud services. */
import type { EventNotice } from '../../model/events/evaluation.ts'
import type { JsonRecord } from '../protocol/driver-request.ts'
import { textAt, valueAt } from './classify-event.ts'

interface ContainerForm {
  readonly name: string
  /** The value of `?unwrap=` that opens it. */
  readonly path: string
}

interface KnownForm extends ContainerForm {
  /** A record without this key is of another form. */
  readonly key: string
  matches(record: JsonRecord): boolean
}

/** The log type of Panther whose records are the events of EventBridge themselves. */
const EVENTBRIDGE_LOG_TYPE = 'AWS.CloudWatchEvents'
const BEGINS_JSON = /^\s*[{[]/

const KNOWN_FORMS: readonly KnownForm[] = [
  {
    name: 'a CloudWatch Logs subscription',
    path: 'awslogs.data.logEvents.message',
    key: 'awslogs',
    matches: (record) => typeof valueAt(record, 'awslogs.data') === 'string',
  },
  {
    name: 'a CloudWatch Logs message',
    path: 'logEvents.message',
    key: 'logEvents',
    matches: (record) => Array.isArray(record.logEvents) && textAt(record, 'messageType') === 'DATA_MESSAGE',
  },
  {
    name: 'an SNS notification',
    path: 'Message',
    key: 'Message',
    matches: (record) =>
      textAt(record, 'Type') === 'Notification' && BEGINS_JSON.test(textAt(record, 'Message') ?? ''),
  },
  {
    name: 'a request of Firehose',
    path: 'records.data',
    key: 'records',
    matches: (record) => typeof valueAt(record.records, '0.data') === 'string',
  },
  {
    name: 'an event of EventBridge with a list of records',
    path: 'detail.Records',
    key: 'detail-type',
    matches: (record) => isEventBridge(record) && Array.isArray(valueAt(record, 'detail.Records')),
  },
  {
    name: 'an event of EventBridge',
    path: 'detail',
    key: 'detail-type',
    matches: (record) => isEventBridge(record) && isObject(record.detail),
  },
]

function isEventBridge(record: JsonRecord): boolean {
  return textAt(record, 'detail-type') !== null && textAt(record, 'source') !== null
}

/** The form of a record whose only field holds records: a list of objects, or a text with JSON. */
function loneForm(record: JsonRecord): ContainerForm | null {
  const keys = Object.keys(record)
  const [key = ''] = keys
  // A key with a dot cannot be in a path.
  if (keys.length !== 1 || key.includes('.')) return null
  const value = record[key]
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) {
    return { name: `a lone list "${key}"`, path: key }
  }
  return typeof value === 'string' && BEGINS_JSON.test(value) && isJson(value)
    ? { name: `a lone text "${key}" that holds JSON`, path: key }
    : null
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Returns null for a record that looks like an event.
 * @param logType a source of this log type may expect the records of EventBridge as they are.
 */
export function containerNotice(record: JsonRecord, logType: string | null): EventNotice | null {
  if (logType === EVENTBRIDGE_LOG_TYPE && isEventBridge(record)) return null
  const form =
    KNOWN_FORMS.find((each) => record[each.key] !== undefined && each.matches(record)) ?? loneForm(record)
  if (!form) return null
  const { name, path } = form
  const message = `this is ${name}, and the events in it are not read: add unwrap=${path} to the source, or .${path} to its unwrap`
  return { code: 'container', message }
}
