/**
 * WORKER THREAD. Saves and restores the state of an interpreter outside of its memory. All of that state is listed in
 * docs/decisions/0014-a-restored-interpreter-is-a-loaded-one.md: what is not saved here is the same in every interpreter, or
 * its use while bodies are loaded is detected.
 */

import type { OutsideState } from '../protocol/messages.ts'
import type { InterpreterClock } from './imports/interpreter-clock.ts'
import { openFilesOf, restoreOpenFiles, type StreamTable } from './open-files.ts'

/** Returns null if the state cannot be saved. */
export function outsideStateOf(FS: StreamTable, clock: InterpreterClock): OutsideState | null {
  const openFiles = openFilesOf(FS)
  return openFiles && { openFiles, monotonicMs: clock.monotonicMs }
}

export function restoreOutsideState(
  FS: StreamTable,
  clock: InterpreterClock,
  { openFiles, monotonicMs }: OutsideState,
): void {
  restoreOpenFiles(FS, openFiles)
  clock.continueFrom(monotonicMs)
}
