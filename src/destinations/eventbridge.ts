/** Amazon EventBridge: puts the notification onto an event bus. */
import { PermanentError, RetryableError } from '../errors.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Receipt } from './_destination.ts'
import {
  AWS_DEPENDENCIES,
  AWS_PROPERTIES,
  type AwsOptions,
  awsFailure,
  awsIdentity,
  awsReceipt,
  signAws,
} from './parts/aws.ts'
import { answerJson, textIn } from './parts/json-request.ts'
import { notificationWithin } from './parts/notification-size.ts'
import { text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface EventBridgeOptions extends AwsOptions {
  readonly eventBus: string
  readonly source?: string
  readonly detailType?: string
}

/** The limit of the entry is 256 KiB; the fields beside the detail stay far below the difference. */
const DETAIL_LIMIT_BYTES = 255 * 1024

export default defineDestination<EventBridgeOptions>({
  type: 'eventbridge',
  summary: 'an event on an Amazon EventBridge bus',
  templates: ['payload'],
  options: {
    type: 'object',
    required: ['eventBus'],
    dependencies: AWS_DEPENDENCIES,
    properties: {
      eventBus: text(
        'The bus, by name or ARN; an ARN also contains the region.',
        'arn:aws:events:eu-central-1:123456789012:event-bus/soc',
      ),
      source: text("The event's source, for rules to match.", undefined, { default: 'signalbox' }),
      detailType: text("The event's detail-type.", undefined, { default: 'Signalbox Alert' }),
      ...AWS_PROPERTIES,
    },
    additionalProperties: false,
  },
  request(message, options) {
    const truncation = new Truncation()
    const entry = {
      EventBusName: options.eventBus,
      Source: options.source ?? 'signalbox',
      DetailType: options.detailType ?? 'Signalbox Alert',
      Time: Date.parse(message.notification.createdAt) / 1_000,
      Detail: notificationWithin(message, truncation, DETAIL_LIMIT_BYTES),
    }
    return {
      method: 'POST',
      url: options.endpoint ?? `https://events.${regionOf(options)}.amazonaws.com/`,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' },
      body: JSON.stringify({ Entries: [entry] }),
      notes: truncation.notes,
    }
  },
  receipt,
  identity: (options) => awsIdentity(options, regionOf(options)),
  sign: (request, options) => signAws(request, 'events', regionOf(options), options),
})

function regionOf({ eventBus, region }: EventBridgeOptions): string {
  const fromArn = eventBus.startsWith('arn:') ? eventBus.split(':')[3] : ''
  return fromArn || region || 'us-east-1'
}

/** Reads the entry, because a response with 200 may contain a failed one. */
function receipt(response: HttpResponse): Receipt | undefined {
  awsFailure(response)
  const { status, body } = response
  if (status < 200 || status > 299) return undefined
  const answer = answerJson(body)
  const [entry] = (answer?.Entries ?? []) as Readonly<Record<string, unknown>>[]
  if (textIn(answer, 'FailedEntryCount') !== '1') return awsReceipt(response, textIn(entry, 'EventId'))
  const code = textIn(entry, 'ErrorCode')
  const message = `${status}, but EventBridge reports: ${code}: ${textIn(entry, 'ErrorMessage')}`
  if (/^(?:ThrottlingException|InternalFailure|InternalException)$/.test(code))
    throw new RetryableError(message, { status })
  const scope = /NotAuthorized|NotFound|AccessDenied/.test(code) ? 'destination' : 'delivery'
  throw new PermanentError(message, { status, scope })
}
