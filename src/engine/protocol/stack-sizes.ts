/**
 * BOTH THREADS. The sizes of the two stacks that a C function of Python uses, and what follows if the second one overflows;
 * see docs/decisions/0017-two-stacks-and-the-first-to-end.md.
 *
 * Python checks only its own stack, which lies in its memory: a function that calls itself raises a RecursionError when
 * that is used up. The same calls also use the stack of the worker's thread, which Python knows nothing of: when that
 * overflows, the interpreter is lost. So the stack of the thread must be the last one to be used up.
 */

/** Python's own limit of 1,000 calls comes first, also where each goes through a C function. 10 MiB are there. */
export const PYTHON_STACK_BYTES = 2 * 1024 * 1024

/** Twice what the calls use that stop at Python's limit. It is reserved: only what was used once is in memory. */
export const THREAD_STACK_MIB = 96

/** How V8 names an overflow: of the thread's stack, and of Python's where a function does not ask for its limit. */
const OVERFLOWS = ['Maximum call stack size exceeded', 'memory access out of bounds']

/** A structure has no more levels than its text has characters: one of fewer characters fills no stack. */
const MIN_OVERFLOW_CHARS = 100_000

/** Whether the depth of an event of this length, and not the detection alone, can have ended a worker. */
export function isOverflowOfEvent(message: string, chars: number): boolean {
  return OVERFLOWS.includes(message) && chars >= MIN_OVERFLOW_CHARS
}
