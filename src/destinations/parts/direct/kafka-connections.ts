/**
 * Limits the connections of the Kafka library. Otherwise the library keeps an answer of any length, waits for a connection
 * that was ended, and throws an error that no one catches where a connection fails twice.
 */
import type { Socket } from 'node:net'
import { type Connection, instancesChannel } from '@platformatic/kafka'
import { RetryableError } from '../../../errors.ts'

/** A broker sends less than this to a producer of one record. */
const MAX_ANSWER_BYTES = 1024 * 1024

/** The connections of one producer, which has this object as its context. */
export class BoundedConnections {
  readonly #sockets = new Set<Socket>()
  #isClosed = false
  #excess: Error | undefined

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
    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MAX_ANSWER_BYTES) return
      this.#excess = new RetryableError('the answer of the broker is too long')
      socket.destroy()
    })
  }
}

/** The library announces every object that it creates. */
instancesChannel.subscribe((announced) => {
  const { type, instance } = announced as { type: string; instance: Connection }
  if (type === 'connection' && instance.context instanceof BoundedConnections) instance.context.add(instance)
})
