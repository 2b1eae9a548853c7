/** The events that a running daemon reports to its caller. */
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
      /** Problems because of which files were left out, under `skipInvalid`. */
      readonly invalid: readonly Problem[]
      readonly warnings: readonly Problem[]
    }
  /** The console and the API can be reached under this URL. */
  | { readonly kind: 'console opened'; readonly url: string }
  | { readonly kind: 'admitted'; readonly admitted: AdmitResult }
  | {
      readonly kind: 'rejected'
      readonly source: string
      readonly position: string
      readonly status: 'rejected' | 'unclassified'
      readonly reason: string
    }
  /** An accepted event has a peculiarity that its author should know. */
  | {
      readonly kind: 'noticed'
      readonly source: string
      readonly position: string
      readonly code: string
      readonly reason: string
    }
  /** The end was requested: no more events are accepted, and `waiting` deliveries are not sent yet. */
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
