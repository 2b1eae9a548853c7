/** Recognises records that are only the wrapping of events, in the forms in which cloud services hand them over. */
import type { EventNotice } from '../../model/events/evaluation.ts'
import type { JsonRecord } from '../protocol/driver-request.ts'
import { textAt, valueAt } from './classify-event.ts'

interface ContainerForm {
  readonly name: string
  /** What `?unwrap=` needs to open it. */
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
    name: 'a message of CloudWatch Logs',
    path: 'logEvents.message',
    matches: (record) => Array.isArray(record.logEvents) && textAt(record, 'messageType') === 'DATA_MESSAGE',
  },
  {
    name: 'a notification of SNS',
    path: 'Message',
    matches: (record) =>
      textAt(record, 'Type') === 'Notification' && /^\s*[{[]/.test(textAt(record, 'Message') ?? ''),
  },
]

/** Null for a record that is an event, as far as can be seen. */
export function containerNotice(record: JsonRecord): EventNotice | null {
  const form = FORMS.find((each) => each.matches(record))
  if (!form) return null
  const { name, path } = form
  const message = `this is ${name}, and the events in it are not read: add unwrap=${path} to the source, or .${path} to its unwrap`
  return { code: 'container', message }
}
