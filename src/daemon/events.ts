/** What a running daemon tells whoever watches it. */
import type { UserError } from '../errors.ts'
import type { Problem } from '../model/project/problem.ts'
import type { AdmitResult } from '../pipeline/planner.ts'
import type { ReloadStart } from './reloads.ts'

export type DaemonEvent =
  | {
      readonly kind: 'started'
      readonly sources: readonly string[]
      readonly store: string
      readonly detections: number
      readonly destinations: number
      /** What keeps files out, under `skipInvalid`. */
      readonly invalid: readonly Problem[]
      readonly warnings: readonly Problem[]
    }
  | { readonly kind: 'admitted'; readonly admitted: AdmitResult }
  | {
      readonly kind: 'rejected'
      readonly source: string
      readonly place: string
      readonly status: 'rejected' | 'unclassified'
      readonly reason: string
    }
  /** An accepted event is odd. */
  | {
      readonly kind: 'noticed'
      readonly source: string
      readonly place: string
      readonly code: string
      readonly reason: string
    }
  /** Asked to end: no more events are taken, so many deliveries are still to be made. */
  | { readonly kind: 'draining'; readonly waiting: number }
  /** Several requests made during one load are served by the one load that follows it. */
  | { readonly kind: 'reload requested'; readonly begins: ReloadStart }
  | {
      readonly kind: 'reloaded'
      readonly ok: true
      readonly detections: number
      readonly destinations: number
      readonly invalid: readonly Problem[]
      readonly warnings: readonly Problem[]
    }
  | {
      readonly kind: 'reloaded'
      readonly ok: false
      readonly message: string
      readonly code?: UserError['code']
    }
