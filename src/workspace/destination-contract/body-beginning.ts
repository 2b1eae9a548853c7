/**
 * Reports that a client in this process has read the beginning of an answer, so that a test can then move the
 * client's clock.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'

/** Published by undici for each part of a body. */
const CHANNEL = 'undici:request:bodyChunkReceived'

/**
 * Resolves when a client has read a part of a body from this server. Call it before the request is sent.
 * @param origin scheme, host and port of the server.
 */
export async function bodyBeginning(origin: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const listener = (message: unknown) => {
      const { request } = message as { readonly request: { readonly origin: string | URL } }
      if (String(request.origin).replace(/\/$/, '') !== origin) return
      unsubscribe(CHANNEL, listener)
      resolve()
    }
    subscribe(CHANNEL, listener)
  })
  // The caller of the client gets the part in the same turn of the event loop, after this listener.
  await setImmediate()
}
