/** The receiver of alerts, on a thread of its own, so that it does not delay the sender. */
import { Worker } from 'node:worker_threads'
import type { Arrival } from './delivery-receiver.ts'

export interface Receiver {
  readonly url: string
  /** Waits until so many requests have come, and forgets them. */
  take(count: number): Promise<readonly Arrival[]>
  close(): Promise<unknown>
}

export async function startReceiver(): Promise<Receiver> {
  const worker = new Worker(new URL('./delivery-receiver.ts', import.meta.url))
  const next = <T>() => new Promise<T>((resolve) => worker.once('message', resolve))
  const url = await next<string>()
  return {
    url,
    take: (count) => {
      const arrivals = next<readonly Arrival[]>()
      worker.postMessage(count)
      return arrivals
    },
    close: () => worker.terminate(),
  }
}
