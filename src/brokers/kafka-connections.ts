/**
 * Limits the connections of the Kafka library. Otherwise the library keeps an answer of any length, waits for a connection
 * that was ended, and throws an error that no one catches where a connection fails twice.
 */
import type { Socket } from 'node:net'
import { type Connection, instancesChannel } from '@platformatic/kafka'
import { RetryableError } from '../errors.ts'

/** Each answer begins with its length in so many bytes. */
const LENGTH_BYTES = 4

/** The connections of one client, which has this object as its context. */
export class BoundedConnections {
  readonly #maxAnswerBytes: number
  readonly #sockets = new Set<Socket>()
  #isClosed = false
  #excess: Error | undefined

  constructor(maxAnswerBytes: number) {
    this.#maxAnswerBytes = maxAnswerBytes
  }

  /** The reason for which a connection was ended; the library itself reports only its end. */
  get excess(): Error | undefined {
    return this.#excess
  }

  /** Bounds a connection before it is opened. */
  add(connection: Connection): void {
    connection.on('error', () => {})
    // The connection opens its socket after this event.
    connection.once('connecting', () => queueMicrotask(() => this.#bound(connection.socket)))
  }

  close(): void {
    this.#isClosed = true
    for (const socket of this.#sockets) socket.destroy()
  }

  #bound(socket: Socket): void {
    this.#sockets.add(socket)
    if (this.#isClosed) return void socket.destroy()
    const answers = new AnswerSizes()
    socket.on('data', (chunk: Buffer) => {
      if (answers.receivedWith(chunk) <= this.#maxAnswerBytes) return
      this.#excess = new RetryableError('the answer of the broker is too long')
      socket.destroy()
    })
  }
}

/**
 * Counts what was received of each answer of one connection. The announced length decides nothing but where the next answer
 * begins: a broker that requires TLS sends something else, which the library explains.
 */
class AnswerSizes {
  #length = 0
  #lengthBytes = 0
  #left = 0
  #received = 0

  /** Returns the most bytes of one answer that have come with this chunk. */
  receivedWith(chunk: Buffer): number {
    let most = 0
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, chunk.length - at)
        this.#left -= part
        this.#received += part
        at += part
        most = Math.max(most, this.#received)
        continue
      }
      this.#length = this.#length * 256 + chunk[at++]!
      if (++this.#lengthBytes < LENGTH_BYTES) continue
      this.#left = this.#length
      this.#received = 0
      this.#length = 0
      this.#lengthBytes = 0
    }
    return most
  }
}

/** The library announces every object that it creates. */
instancesChannel.subscribe((announced) => {
  const { type, instance } = announced as { type: string; instance: Connection }
  if (type === 'connection' && instance.context instanceof BoundedConnections) instance.context.add(instance)
})
