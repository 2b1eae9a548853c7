/** The Project: everything a repository declares, frozen. A reload replaces the whole of it or nothing. */
import type { NoRegistry, Registry } from './destination.ts'
import type { DataModel, Detection, Helper, OtherContent, PythonSource } from './detection.ts'
import type { HandlingRules } from './handling-rules.ts'
import type { Problem } from './problem.ts'
import type { Settings } from './settings.ts'

/** A helper or data model with an error: whatever depends on it behaves as if it were absent. */
export interface InvalidPart {
  readonly kind: 'helper' | 'data model'
  readonly id: string
  readonly file: string
}

export interface Project {
  /** Absolute path. */
  readonly root: string
  /** Absolute paths of the folders whose files may be read: the root, and what the user named beside it. */
  readonly folders: readonly string[]
  /** True: the detections are only those that were selected, with the members of correlation rules. */
  readonly isSelection?: boolean
  /** The detections in load order. Every id is unique over all types. */
  readonly detections: ReadonlyMap<string, Detection>
  readonly helpers: readonly Helper[]
  readonly dataModels: readonly DataModel[]
  /** Files of unit tests that stand beside helpers and data models. */
  readonly unitTests: readonly PythonSource[]
  readonly others: readonly OtherContent[]
  /** Shared parts that exist and are not loaded, because their files have errors. */
  readonly invalidParts: readonly InvalidPart[]
  /** The registry, or why there is none. */
  readonly registry: Registry | NoRegistry
  /** What the project declares about alerts whose route is decided. */
  readonly handling: HandlingRules
  readonly settings: Settings
  /** The files of settings and registry, as problems name them: an error in one spoils more than that file. */
  readonly configuration: readonly string[]
  /** Everything found, errors included: a file with an error is not part of the project, the others are. */
  readonly problems: readonly Problem[]
}

/** A project whose registry is sound. */
export interface RoutedProject extends Project {
  readonly registry: Registry
}
