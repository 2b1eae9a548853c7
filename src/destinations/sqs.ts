/** Amazon SQS: sends the notification to a queue. */

import { type AwsOptions, awsIdentity } from '../aws/aws-credentials.ts'
import { awsError } from '../aws/aws-error.ts'
import { signAws } from '../aws/aws-signature.ts'
import { defineDestination } from './_destination.ts'
import { AWS_RULES } from './parts/aws-answers.ts'
import { AWS_DEPENDENCIES, AWS_PROPERTIES } from './parts/aws-options.ts'
import { notificationWithin } from './parts/notification-size.ts'
import { Truncation } from './parts/truncate.ts'

interface SqsOptions extends AwsOptions {
  readonly queueUrl: string
}

const MESSAGE_LIMIT_BYTES = 256 * 1024

export default defineDestination<SqsOptions>({
  type: 'sqs',
  summary: 'a message to an Amazon SQS queue',
  rate: { documented: 'SQS accepts any number of messages; a FIFO queue accepts 300 a second.' },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['queueUrl'],
    dependencies: AWS_DEPENDENCIES,
    properties: {
      queueUrl: {
        type: 'string',
        pattern: '^https?://[^/]+/.+$',
        examples: ['https://sqs.eu-central-1.amazonaws.com/123456789012/alerts'],
        description: 'The queue; a FIFO queue gets group and deduplication id.',
      },
      ...AWS_PROPERTIES,
    },
    additionalProperties: false,
  },
  request(message, options) {
    const truncation = new Truncation()
    const body = {
      QueueUrl: options.queueUrl,
      MessageBody: notificationWithin(message, truncation, MESSAGE_LIMIT_BYTES),
      ...(options.queueUrl.endsWith('.fifo') && {
        MessageGroupId: message.notification.alertId,
        MessageDeduplicationId: message.idempotencyKey,
      }),
    }
    return {
      method: 'POST',
      url: options.endpoint ?? `${originOf(options.queueUrl)}/`,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
      body: JSON.stringify(body),
      notes: truncation.notes,
    }
  },
  answers: {
    provider: 'Amazon SQS',
    success: [{ status: [200], field: 'MessageId', receipt: (id) => id }],
    error: awsError,
    rules: [
      ...AWS_RULES,
      {
        codes: ['InvalidParameterValue*'],
        texts: ['QueueUrl', 'MessageGroupId', 'MessageDeduplicationId', 'DelaySeconds'],
        effect: 'pause',
        meaning: 'the queue',
      },
      {
        codes: ['InvalidMessageContents*', 'InvalidParameterValue*', 'BatchRequestTooLong*'],
        effect: 'dead',
      },
      {
        codes: [
          'QueueDoesNotExist*',
          'NonExistentQueue*',
          'QueueDeletedRecently*',
          'InvalidAddress*',
          'UnsupportedOperation*',
        ],
        effect: 'pause',
        meaning: 'the queue',
      },
    ],
    unlisted: 'pause',
  },
  identity: (options, send) => awsIdentity(options, regionOf(options), send),
  sign: (request, options, _signal, send) => signAws(request, 'sqs', regionOf(options), options, send),
})

/** Returns the origin of the URL, or a placeholder of a preview unchanged. */
function originOf(queueUrl: string): string {
  return /^https?:\/\/[^/]+/.exec(queueUrl)?.[0] ?? queueUrl
}

function regionOf({ queueUrl, region }: SqsOptions): string | undefined {
  const fromUrl = /[./]sqs(?:-fips)?\.([\w-]+)\.|\/\/([\w-]+)\.queue\./.exec(queueUrl)
  return region ?? fromUrl?.slice(1).find(Boolean)
}
