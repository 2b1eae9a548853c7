/** Removes rows without an archive. */
import type { Store } from '../store/store.ts'
import type { Remover } from './retention-pass.ts'

export function directRemover({ removals }: Pick<Store, 'removals'>): Remover {
  return { remove: (kind, ids, before) => removals.remove({ kind, ids, before, archive: null }) }
}
