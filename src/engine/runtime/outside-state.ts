/**
 * What an interpreter holds outside of its memory and keeps over a restart. Decision 14 lists all of that state: whatever
 * is not saved here is the same in every interpreter, or its use while bodies are loaded is noticed.
 */

import type { OutsideState } from '../protocol/messages.ts'
import type { InterpreterClock } from './imports/interpreter-clock.ts'
import { openFilesOf, restoreOpenFiles, type StreamTable } from './open-files.ts'

/** Null where it cannot be saved. */
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
