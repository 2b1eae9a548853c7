/** Reads all files that a pattern names, in the order of their names. One cursor holds the positions in all of them. */
import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import type { SourceContext, SourceSpec } from '../_source.ts'
import { Window } from '../stream/emit-window.ts'
import { openIfThere } from '../stream/open-file.ts'
import { decodeCursor, identityOf } from './file-cursor.ts'
import type { Pattern } from './glob-files.ts'
import { readWholeFile } from './whole-file.ts'

export async function readWholeFiles(
  { folder }: Pattern,
  paths: readonly string[],
  spec: SourceSpec,
  context: SourceContext,
): Promise<void> {
  const window = new Window(context)
  const listed = new Set(await Promise.all(paths.map(inodeOf)))
  let cursor = context.cursor
  for (const path of paths) {
    if (context.signal.aborted) return
    const file = await openIfThere(path)
    if (file === null) continue
    try {
      const { inode } = identityOf(await file.stat({ bigint: true }))
      const { files = [] } = decodeCursor(cursor) ?? {}
      // A file that is gone needs no position any more.
      const others = files.filter((other) => other.inode !== inode && listed.has(other.inode))
      const cursorWith = (next: string) => {
        cursor = next
        return next
      }
      const shared = { window, place: relative(folder, path), cursorWith }
      await readWholeFile(file, { ...spec, target: path }, { ...context, cursor }, { others, shared })
    } finally {
      await file.close()
    }
  }
}

async function inodeOf(path: string): Promise<string | null> {
  try {
    return identityOf(await stat(path, { bigint: true })).inode
  } catch {
    return null
  }
}
