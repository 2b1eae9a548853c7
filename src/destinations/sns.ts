/** Amazon SNS: publishes the notification to a topic, with a long text for e-mail subscriptions. */

import { type AwsOptions, awsIdentity } from '../aws/aws-credentials.ts'
import { awsError } from '../aws/aws-error.ts'
import { serviceUrl } from '../aws/aws-region.ts'
import { signAws } from '../aws/aws-signature.ts'
import { defineDestination, type Message } from './_destination.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { AWS_RULES } from './parts/aws-answers.ts'
import { AWS_DEPENDENCIES, AWS_PROPERTIES } from './parts/aws-options.ts'
import { withoutContext } from './parts/notification-size.ts'
import { text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface SnsOptions extends AwsOptions {
  readonly topicArn: string
}

/** SNS accepts fewer than 100 characters. */
const SUBJECT_LIMIT = 99
const MESSAGE_LIMIT_BYTES = 256 * 1024
const EMAIL_LIMIT = 20_000

export default defineDestination<SnsOptions>({
  type: 'sns',
  summary: 'a message to an Amazon SNS topic',
  rate: {
    documented:
      'SNS accepts hundreds of messages a second in each region; a FIFO topic accepts 300 in a message group.',
  },
  options: {
    type: 'object',
    required: ['topicArn'],
    dependencies: AWS_DEPENDENCIES,
    properties: {
      topicArn: text(
        'The topic; a FIFO topic gets group and deduplication id.',
        'arn:aws:sns:eu-central-1:123456789012:alerts',
        {
          pattern: '^arn:aws[\\w-]*:sns:[\\w-]+:\\d{12}:.+$',
        },
      ),
      ...AWS_PROPERTIES,
    },
    additionalProperties: false,
  },
  request(message, options) {
    const truncation = new Truncation()
    const title = (message.title || headline(message.notification)).replace(/[\s\p{Cc}]+/gu, ' ')
    const parameters = {
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: options.topicArn,
      MessageStructure: 'json',
      Subject: truncation.text('subject', title, SUBJECT_LIMIT),
      Message: messageText(message, truncation),
      ...(options.topicArn.endsWith('.fifo') && {
        MessageGroupId: message.notification.alertId,
        MessageDeduplicationId: message.idempotencyKey,
      }),
    }
    return {
      method: 'POST',
      url: options.endpoint ?? serviceUrl('sns', regionOf(options)),
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: new URLSearchParams(parameters).toString(),
      notes: truncation.notes,
    }
  },
  answers: {
    provider: 'Amazon SNS',
    success: [{ status: [200], element: 'MessageId', receipt: (id) => id }],
    error: awsError,
    rules: [
      ...AWS_RULES,
      {
        codes: ['InvalidParameter*'],
        texts: ['TopicArn', 'MessageGroupId', 'MessageDeduplicationId'],
        effect: 'pause',
        meaning: 'the topic',
      },
      { codes: ['InvalidParameter*', 'ParameterValueInvalid', 'Validation*'], effect: 'dead' },
      {
        codes: ['NotFound*', 'EndpointDisabled', 'PlatformApplicationDisabled'],
        effect: 'pause',
        meaning: 'the topic',
      },
    ],
    unlisted: 'pause',
  },
  identity: (options, send) => awsIdentity(options, regionOf(options), send),
  sign: (request, options, _signal, send) => signAws(request, 'sns', regionOf(options), options, send),
})

function regionOf({ topicArn, region }: SnsOptions): string | undefined {
  return topicArn.split(':')[3] || region
}

/** Builds the text for each kind of subscription: e-mail gets a long text, all others the notification. */
function messageText(message: Message, truncation: Truncation): string {
  const email = truncation.text('e-mail', plainText(message), EMAIL_LIMIT)
  return truncation.fullest(MESSAGE_LIMIT_BYTES, () => JSON.stringify({ default: message.json, email }), {
    without: 'the alert context',
    build: () => JSON.stringify({ default: JSON.stringify(withoutContext(message)), email }),
  })
}
