/** The option that names who acts, for commands whose act the history keeps. */
import { localActor } from '../../workspace/alerts/actor.ts'
import type { Actor } from '../../workspace/alerts/change-alert.ts'
import { text } from './options.ts'

export const AS = text('--as <name>', 'who acts; default: the user and the host')

export function actingPerson({ as }: { readonly as: string | undefined }): Actor {
  return { name: as ?? localActor(), via: 'cli' }
}
