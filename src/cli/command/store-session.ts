/** Opens the project's store for one command, possibly beside a running daemon, and closes it afterwards. */

import type { Store } from '../../store/store.ts'
import { openProjectStore } from '../../workspace/project-store.ts'
import type { Io } from './command.ts'
import type { GlobalOptions, Values } from './options.ts'
import { openSession, type Session } from './session.ts'

export async function withStore(
  options: Values<GlobalOptions> & { readonly store?: string },
  io: Io,
  access: 'read' | 'write',
  act: (store: Store, session: Session) => Promise<number>,
): Promise<number> {
  const session = openSession(options, io)
  const store = await openProjectStore(session.workspace, options.store, access)
  try {
    return await act(store, session)
  } finally {
    await store.close()
  }
}

export function jsonDocument(content: object): string {
  return `${JSON.stringify({ version: 1, ...content }, null, 2)}\n`
}
