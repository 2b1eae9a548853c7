/** WORKER THREAD. Recognizes records that wrap events in the formats of cloud services. */
import type { EventNotice } from '../../model/events/evaluation.ts'
import type { JsonRecord } from '../protocol/driver-request.ts'
import { textAt, valueAt } from './classify-event.ts'

interface ContainerForm {
  readonly name: string
  /** The value of `?unwrap=` that opens it. */
  readonly path: string
  matches(record: JsonRecord): boolean
}

const FORMS: readonly ContainerForm[] = [
  {
    name: 'a lone list "Records"',
    path: 'Records',
    matches: (record) => Array.isArray(record.Records) && Object.keys(record).length === 1,
  },
  {
    name: 'a CloudWatch Logs subscription',
    path: 'awslogs.data.logEvents.message',
    matches: (record) => typeof valueAt(record, 'awslogs.data') === 'string',
  },
  {
    name: 'a CloudWatch Logs message',
    path: 'logEvents.message',
    matches: (record) => Array.isArray(record.logEvents) && textAt(record, 'messageType') === 'DATA_MESSAGE',
  },
  {
    name: 'an SNS notification',
    path: 'Message',
    matches: (record) =>
      textAt(record, 'Type') === 'Notification' && /^\s*[{[]/.test(textAt(record, 'Message') ?? ''),
  },
]

/** Returns null for a record that looks like an event. */
export function containerNotice(record: JsonRecord): EventNotice | null {
  const form = FORMS.find((each) => each.matches(record))
  if (!form) return null
  const { name, path } = form
  const message = `this is ${name}, and the events in it are not read: add unwrap=${path} to the source, or .${path} to its unwrap`
  return { code: 'container', message }
}
