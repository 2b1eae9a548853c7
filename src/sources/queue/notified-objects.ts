/** Reads the objects that a message names, and decides when the message is to be received again. */
import { messageOf } from '../../errors.ts'
import type { PartitionResult, SourceContext, SourceSpec } from '../_source.ts'
import { BucketPauses } from '../objects/bucket-pauses.ts'
import { partitionOf } from '../objects/object-cursor.ts'
import type { NamedObject } from '../objects/object-notification.ts'
import { ObjectReader, type ReadResult } from '../objects/object-reader.ts'
import type { ObjectSelection } from '../objects/object-selection.ts'
import type { S3Client } from '../objects/s3-client.ts'

/** After this time at the latest, an object of another reader is asked for again, unless a lease is longer. */
const MAX_HELD_WAIT_SECONDS = 60
const FIRST_WAIT_SECONDS = 60
const MAX_WAIT_SECONDS = 3_600
/** A permission may take a moment to become valid everywhere, so earlier refusals raise no alert. */
const MIN_ALERT_RECEIVES = 3
const ALERT_INTERVAL_MS = 10 * 60_000

interface NotifiedObjectsOptions {
  readonly spec: Pick<SourceSpec, 'name' | 'unwrap'>
  readonly client: S3Client
  readonly selection: ObjectSelection
  readonly maxBytes: number
}

/** null when the object is done; otherwise after how many seconds its message is to be received again. */
type WaitSeconds = number | null

export class NotifiedObjects {
  readonly #options: NotifiedObjectsOptions
  readonly #context: SourceContext
  readonly #pauses: BucketPauses
  /** The times of the last alerts, by bucket. */
  readonly #alertedAt = new Map<string, number>()

  constructor(options: NotifiedObjectsOptions, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#pauses = new BucketPauses(context.clock)
  }

  /** @param receiveCount how often the message was received. */
  async read(
    objects: readonly NamedObject[],
    receiveCount: number,
    signal: AbortSignal,
  ): Promise<WaitSeconds> {
    let wait: WaitSeconds = null
    for (const object of objects) {
      if (signal.aborted) return 0
      const seconds = await this.#readOne(object, receiveCount, signal)
      if (seconds !== null) wait = Math.max(wait ?? 0, seconds)
    }
    return wait
  }

  async #readOne(object: NamedObject, receiveCount: number, signal: AbortSignal): Promise<WaitSeconds> {
    const { spec, selection } = this.#options
    const { log, partitions } = this.#context
    const later = Math.min(MAX_WAIT_SECONDS, doubled(FIRST_WAIT_SECONDS, receiveCount))
    const refusal = selection.refusalOf(object.bucket)
    if (refusal !== null) {
      const fields = { source: spec.name, bucket: object.bucket, key: object.key }
      log.error(fields, `a message about objects of S3 stays in the queue: ${refusal}`)
      return later
    }
    if (!selection.isWanted(object)) return null
    const refused: string[] = []
    const status = await partitions.read(partitionOf(object), async (leased) => {
      const partition = { ...leased, signal: AbortSignal.any([leased.signal, signal]) }
      const result = await new ObjectReader(object, partition, this.#readerOptions()).read()
      if (result.kind === 'refused') refused.push(result.reason)
      if (result.kind === 'busy') this.#logBusy(leased.name, result)
      return partitionResult(result)
    })
    for (const reason of refused) await this.#reportRefusal(object, reason, receiveCount)
    if (status === 'done') return null
    if (status === 'held') return heldWaitSeconds(partitions.leaseMs, receiveCount)
    // What was given back at the end of the daemon can be read by another one at once.
    return signal.aborted ? 0 : later
  }

  #readerOptions() {
    const { client, maxBytes, spec } = this.#options
    const { clock, log, limits } = this.#context
    return { client, pauses: this.#pauses, unwrap: spec.unwrap, maxBytes, limits, clock, log }
  }

  #logBusy(object: string, { reason }: { reason: string }): void {
    const fields = { source: this.#options.spec.name, object, error: reason }
    this.#context.log.error(fields, 'an object cannot be read at present; its message is received again')
  }

  /** All objects of a bucket have one alert, because they mostly have one cause. */
  async #reportRefusal(object: NamedObject, message: string, receiveCount: number): Promise<void> {
    const { log, clock, partitions } = this.#context
    const { name: source } = this.#options.spec
    log.error({ source, object: partitionOf(object), error: message }, 'an object is refused')
    const now = clock.now()
    const last = this.#alertedAt.get(object.bucket) ?? Number.NEGATIVE_INFINITY
    if (receiveCount < MIN_ALERT_RECEIVES || now - last < ALERT_INTERVAL_MS) return
    this.#alertedAt.set(object.bucket, now)
    try {
      await partitions.reportProblem(`The objects of ${object.bucket} (${source})`, {
        code: 'forbidden',
        message,
        at: partitionOf(object),
      })
    } catch (error) {
      log.error({ source, error: messageOf(error) }, 'the alert could not be stored')
      this.#alertedAt.delete(object.bucket)
    }
  }
}

/**
 * Another reader has the object. If that reader is gone, its lease ends within its length. If it reads for longer than
 * that, the waits become longer, because each receive counts towards the dead-letter queue.
 */
function heldWaitSeconds(leaseMs: number, receiveCount: number): number {
  const leaseSeconds = Math.ceil(leaseMs / 1_000)
  return Math.min(Math.max(MAX_HELD_WAIT_SECONDS, leaseSeconds), doubled(leaseSeconds, receiveCount))
}

/** The wait after a receive, twice as long after each further one. */
function doubled(firstSeconds: number, receiveCount: number): number {
  return firstSeconds * 2 ** Math.min(receiveCount - 1, 10)
}

function partitionResult(result: ReadResult): PartitionResult {
  if (result.kind === 'done') return { status: 'done' }
  return { status: 'open', ...(result.kind === 'refused' && { problem: result.reason }) }
}
