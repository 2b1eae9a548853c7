/** Calls Amazon SQS by its JSON protocol, signed with the credentials that Amazon's library finds. */
import type { AwsOptions } from '../../aws/aws-credentials.ts'
import { awsError } from '../../aws/aws-error.ts'
import { sendAwsRequest } from '../../aws/aws-fetch.ts'
import { signAws } from '../../aws/aws-signature.ts'
import { PermanentError, RetryableError } from '../../errors.ts'
import type { HttpRequest } from '../../model/ports.ts'

export interface QueueOptions extends AwsOptions {
  readonly queueUrl: string
}

export interface QueueMessage {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly Attributes?: { readonly ApproximateReceiveCount?: string }
}

const CALL_TIMEOUT_MS = 15_000
const WAIT_SECONDS = 20
/** A message that is not deleted is delivered again after this time. */
export const VISIBILITY_SECONDS = 300
export const MAX_MESSAGES = 10
/** How often a message was received, this time included. */
export function receiveCountOf({ Attributes }: QueueMessage): number {
  return Math.max(1, Number(Attributes?.ApproximateReceiveCount ?? 1) || 1)
}

/** The operator must change something before these calls can succeed. */
const REFUSED =
  /^(?:AccessDenied|QueueDoesNotExist|NonExistentQueue|InvalidAddress|UnsupportedOperation|InvalidParameter)/

export class SqsClient {
  readonly #options: QueueOptions
  readonly #region: string | undefined
  readonly #url: string

  constructor(options: QueueOptions) {
    this.#options = options
    const fromUrl = /[./]sqs(?:-fips)?\.([\w-]+)\.|\/\/([\w-]+)\.queue\./.exec(options.queueUrl)
    this.#region = options.region ?? fromUrl?.slice(1).find(Boolean)
    this.#url = options.endpoint ?? `${new URL(options.queueUrl).origin}/`
  }

  /** The region of the options or of the URL; undefined if only the environment knows it. */
  get region(): string | undefined {
    return this.#region
  }

  /** Waits for messages up to `WAIT_SECONDS`. */
  async receive(signal: AbortSignal): Promise<readonly QueueMessage[]> {
    const given = await this.#call(
      'ReceiveMessage',
      {
        MaxNumberOfMessages: MAX_MESSAGES,
        WaitTimeSeconds: WAIT_SECONDS,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      },
      { signal, timeoutMs: WAIT_SECONDS * 1000 + CALL_TIMEOUT_MS },
    )
    return (given.Messages as readonly QueueMessage[] | undefined) ?? []
  }

  /** Returns how many of the messages could not be deleted. */
  async delete(messages: readonly QueueMessage[]): Promise<number> {
    const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }))
    const given = await this.#call('DeleteMessageBatch', { Entries })
    return (given.Failed as readonly unknown[] | undefined)?.length ?? 0
  }

  /** Keeps messages from other receivers for so many seconds; 0 gives them back. */
  async keep(messages: readonly QueueMessage[], seconds: number): Promise<void> {
    const Entries = messages.map(({ ReceiptHandle }, i) => ({
      Id: String(i),
      ReceiptHandle,
      VisibilityTimeout: seconds,
    }))
    await this.#call('ChangeMessageVisibilityBatch', { Entries })
  }

  /** Returns after how many receives a message goes to the dead-letter queue; null without one. */
  async maxReceives(): Promise<number | null> {
    const given = await this.#call('GetQueueAttributes', { AttributeNames: ['RedrivePolicy'] })
    const { RedrivePolicy: policy } = (given.Attributes ?? {}) as { RedrivePolicy?: string }
    return policy === undefined
      ? null
      : Number((JSON.parse(policy) as { maxReceiveCount: unknown }).maxReceiveCount)
  }

  async #call(
    action: string,
    parameters: object,
    { signal = null as AbortSignal | null, timeoutMs = CALL_TIMEOUT_MS } = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const request: HttpRequest = {
      method: 'POST',
      url: this.#url,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
      body: JSON.stringify({ QueueUrl: this.#options.queueUrl, ...parameters }),
    }
    const timeout = AbortSignal.timeout(timeoutMs)
    const ends = signal === null ? timeout : AbortSignal.any([signal, timeout])
    const send = (each: HttpRequest) => sendAwsRequest(each, ends)
    const response = await send(await signAws(request, 'sqs', this.#region, this.#options, send))
    if (response.status === 200) return JSON.parse(response.body) as Record<string, unknown>
    const { codes = [], text = `status ${response.status}` } = awsError(response) ?? {}
    const message = `Amazon SQS refused ${action}: ${text}`
    throw codes.some((code) => REFUSED.test(code))
      ? new PermanentError(message, { scope: 'destination' })
      : new RetryableError(message)
  }
}
