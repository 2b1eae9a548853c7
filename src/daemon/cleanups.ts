/** What has been started is stopped in reverse, all of it: what fails to stop keeps nothing else from stopping. */
import { messageOf } from '../errors.ts'
import type { Log } from '../model/ports.ts'

export type Cleanup = () => Promise<unknown>

export interface Cleanups {
  add(cleanup: Cleanup): void
  /** Never rejects. */
  run(): Promise<void>
}

export function createCleanups(log: Log): Cleanups {
  const stack: Cleanup[] = []
  return {
    add: (cleanup) => void stack.push(cleanup),
    async run() {
      for (const cleanup of stack.splice(0).reverse()) {
        try {
          await cleanup()
        } catch (error) {
          log.error({ error: messageOf(error) }, 'a part of the daemon could not be stopped')
        }
      }
    },
  }
}
