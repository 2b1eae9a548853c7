/** How far V8 lets heaps grow beyond what they hold, in a process that is there to stay. */
import { setFlagsFromString } from 'node:v8'

/**
 * With memory to spare V8 waits until a heap is up to four times what it holds. Events are garbage within milliseconds,
 * so a daemon would fill that room, in each of its heaps, and keep it. Collecting at 1.4 times takes no time that can be
 * measured. Of all heaps of the process, and at the next collection; Node compiles what it loads later anew under other
 * flags, so not before the first worker is up.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=40')
}
