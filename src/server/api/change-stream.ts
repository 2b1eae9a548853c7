/** Server-sent events: each row of the audit, from the last one that the client has seen. */
import type { FastifyReply } from 'fastify'
import type { AuditRow, Store } from '../../store/store.ts'
import { auditResource } from './api-resources.ts'

export const MAX_STREAMS = 100
const INTERVAL_MS = 1_000
const COMMENT_INTERVAL_MS = 15_000
const MAX_ROWS_PER_READ = 500
/** A client that does not read is disconnected when so much waits for it. It continues with its Last-Event-ID. */
const MAX_UNREAD_BYTES = 1024 * 1024

interface Stream {
  readonly reply: FastifyReply
  /** Whether the caller may still read. */
  readonly isPermitted: () => boolean
  after: number
  quietSince: number
}

/** All streams of the process, which one timer serves. */
export class Streams {
  readonly #store: Pick<Store, 'audit'>
  readonly #streams = new Set<Stream>()
  readonly #monotonic: () => number
  /** Streams whose first number is being read. */
  #opening = 0
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(store: Pick<Store, 'audit'>, monotonic: () => number) {
    this.#store = store
    this.#monotonic = monotonic
  }

  get isFull(): boolean {
    return this.#streams.size + this.#opening >= MAX_STREAMS
  }

  /**
   * @param after the number of the last row that the client has; null: only later rows are sent.
   * @param isPermitted is asked before each read: a stream ends with the token or session that opened it.
   */
  async open(reply: FastifyReply, after: number | null, isPermitted: () => boolean): Promise<void> {
    const stream: Stream = {
      reply,
      isPermitted,
      after: after ?? (await this.#newest()),
      quietSince: this.#monotonic(),
    }
    reply.hijack()
    // A client that left in the meantime closed its connection before anything waited for that.
    if (reply.raw.destroyed) return
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    reply.raw.write(': stream of changes\n\n')
    this.#streams.add(stream)
    reply.raw.once('close', () => this.#streams.delete(stream))
    this.#schedule()
  }

  /** Ends all streams, so that the server can close. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const { reply } of this.#streams) reply.raw.destroy()
    this.#streams.clear()
    await this.#running
  }

  async #newest(): Promise<number> {
    this.#opening++
    try {
      const [row] = await this.#store.audit({ newestFirst: true, limit: 1 })
      return row?.seq ?? 0
    } finally {
      this.#opening--
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      // A store that is away is asked again by the next step.
      this.#running = this.#step().catch(() => {})
      void this.#running.then(() => this.#streams.size > 0 && this.#schedule())
    }, INTERVAL_MS)
    this.#timer.unref()
  }

  async #step(): Promise<void> {
    for (const { reply, isPermitted } of this.#streams) if (!isPermitted()) reply.raw.destroy()
    // Those that have everything share a number, and one that is far behind holds up no other.
    for (const [after, streams] of Map.groupBy(this.#streams, (stream) => stream.after)) {
      const rows = await this.#store.audit({ after, limit: MAX_ROWS_PER_READ })
      for (const stream of streams) if (!stream.reply.raw.destroyed) this.#send(stream, rows)
    }
  }

  #send(stream: Stream, news: readonly AuditRow[]): void {
    const { raw } = stream.reply
    const now = this.#monotonic()
    if (news.length > 0) {
      raw.write(news.map(eventText).join(''))
      stream.after = news.at(-1)!.seq
      stream.quietSince = now
    } else if (now - stream.quietSince >= COMMENT_INTERVAL_MS) {
      raw.write(': nothing new\n\n')
      stream.quietSince = now
    }
    if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy()
  }
}

/** JSON has no line feed outside of its escapes, so the data is one line. */
function eventText(row: AuditRow): string {
  return `id: ${row.seq}\nevent: ${row.subject.kind}\ndata: ${JSON.stringify(auditResource(row))}\n\n`
}
