/** Amazon EventBridge: puts the notification onto an event bus. */
import { type AwsOptions, awsIdentity } from '../aws/aws-credentials.ts'
import { awsError } from '../aws/aws-error.ts'
import { serviceUrl } from '../aws/aws-region.ts'
import { signAws } from '../aws/aws-signature.ts'
import { textAt } from '../core/json-path.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError } from './_destination.ts'
import { AWS_RULES } from './parts/aws-answers.ts'
import { AWS_DEPENDENCIES, AWS_PROPERTIES } from './parts/aws-options.ts'
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
  rate: { documented: 'EventBridge accepts hundreds of events a second in each region.' },
  templates: ['payload'],
  digest: 'json',
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
      url: options.endpoint ?? serviceUrl('events', regionOf(options)),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' },
      body: JSON.stringify({ Entries: [entry] }),
      notes: truncation.notes,
    }
  },
  answers: {
    provider: 'Amazon EventBridge',
    success: [
      { status: [200], json: { FailedEntryCount: 0 }, field: 'Entries.0.EventId', receipt: (id) => id },
    ],
    error,
    rules: [
      ...AWS_RULES,
      { codes: ['MalformedDetail', 'RedactionFailure'], effect: 'dead' },
      {
        codes: ['InvalidArgument', 'Validation*'],
        texts: ['EventBusName', 'Source', 'DetailType'],
        effect: 'pause',
      },
      { codes: ['InvalidArgument', 'Validation*'], effect: 'dead' },
      { codes: ['InvalidAccountId*', 'ResourceNotFound*'], effect: 'pause', meaning: 'the bus' },
    ],
    unlisted: 'pause',
  },
  identity: (options, send) => awsIdentity(options, regionOf(options), send),
  sign: (request, options, _signal, send) => signAws(request, 'events', regionOf(options), options, send),
})

function regionOf({ eventBus, region }: EventBridgeOptions): string | undefined {
  const fromArn = eventBus.startsWith('arn:') ? eventBus.split(':')[3] : ''
  return fromArn || region
}

/** A response with 200 may contain a failed entry. */
function error(response: HttpResponse): ProviderError | undefined {
  const { status, body } = response
  if (status < 200 || status > 299) return awsError(response)
  const code = textAt(body, 'Entries.0.ErrorCode')
  return code ? { codes: [code], text: `${code}: ${textAt(body, 'Entries.0.ErrorMessage')}` } : undefined
}
