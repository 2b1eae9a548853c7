/** The messages between the main thread and its workers. Besides the progress marker, nothing else crosses. */

import type { FunctionError } from '../../model/alerts/finding.ts'
import type { EvaluatedEvent, TestOutcome, UnitTestOutcome } from '../../model/events/evaluation.ts'
import type { Envelope } from '../../model/events/event.ts'
import type { SignalField } from '../../model/project/correlation-definition.ts'
import type { DataModel, DetectionType } from '../../model/project/detection.ts'
import type { MatchExpression, SimpleDetection } from '../../model/project/match-expression.ts'
import type { PackageSet } from '../../model/project/packages.ts'
import type { Settings } from '../../model/project/settings.ts'
import type { CacheChannel } from './cache-messages.ts'
import type { CompiledInterpreter, OpenFile } from './interpreter-start.ts'

/** The Python functions that the host calls. */
export type DriverCall =
  | 'lock_down'
  | 'reseed'
  | 'analyze'
  | 'load'
  | 'finish_load'
  | 'evaluate'
  | 'test'
  | 'unit_tests'
  | 'find_changes'

/** A locked interpreter without author's code: the trusted base. */
export interface BaseSnapshot {
  /** Pages; see heap-image.ts. */
  readonly heap: Uint8Array
  /** Where the driver's calls lie in it. */
  readonly addresses: Readonly<Record<DriverCall, number>>
  /** Where the mark lies in it. */
  readonly marker: number
  /** Size of the function table, which its pointers count by. */
  readonly functionCount: number
  readonly outside: OutsideState
}

/** What an interpreter holds outside of its memory and keeps over a restart; see docs/decisions/0014. */
export interface OutsideState {
  readonly openFiles: readonly OpenFile[]
  /** Value of the monotonic clocks. */
  readonly monotonicMs: number
}

/** What the text of one body tells and compiles to. */
export interface ModuleAnalysis {
  /** See body-facts.ts; null where the text tells none. */
  readonly facts: { readonly followed?: readonly string[] } | null
  /** What Python compiled it to; null: it can't be. */
  readonly code: string | null
}

/** What loading the bodies brought to light. */
interface LoadResults {
  readonly broken: readonly BrokenBody[]
  /** What their texts tell, as JSON: see body-facts.ts. */
  readonly facts: string
}

/** A project's bodies, loaded: what differs from the base. */
export interface ProjectSnapshot extends LoadResults {
  readonly heap: Uint8Array
  readonly outside: OutsideState
  /** Bodies that are not in the memory, because they are loaded at every start. */
  readonly startDependent: readonly number[]
}

/** A base that a worker became because it found none. */
interface CreatedBase {
  readonly base: BaseSnapshot
  readonly packed: PackedSnapshot
}

/** The project's bodies are in a worker. */
export interface RestoredProject extends LoadResults {
  /** The images that were made on the way. */
  readonly packed: readonly PackedSnapshot[]
  /** Bodies that are loaded at every start; a restored project names none of those that it knew before. */
  readonly startDependent: readonly number[]
  /** Why no snapshot of these bodies was made although one was asked for; null: nothing hindered it. */
  readonly refusal: string | null
}

/** To be written to the cache: only the main thread does, so that no worker waits for it. */
export interface PackedSnapshot {
  readonly name: string
  readonly parts: readonly Uint8Array[]
}

/**
 * What a worker loads. Its number is its place in the list: helpers, data models, detections, and last those that
 * Python is never asked about.
 */
export type Body = HelperBody | DataModelBody | DetectionBody | SimpleBody | UnitTestsBody

interface NamedSource {
  readonly id: string
  readonly path: string
  readonly source: string
}
interface HelperBody extends NamedSource {
  readonly kind: 'helper'
  /** Loaded when something imports it, and not before. */
  readonly onDemand?: boolean
}
interface DataModelBody extends Omit<NamedSource, 'source'> {
  readonly kind: 'data-model'
  /** null: mappings alone. */
  readonly source: string | null
  readonly logTypes: readonly string[]
  readonly mappings: DataModel['mappings']
}
/** A body that Python is told of. */
export type NamedBody = HelperBody | DataModelBody | DetectionBody | UnitTestsBody

/** What decides which events a detection looks at. */
export interface Selectable {
  readonly type: DetectionType
  readonly logTypes: readonly string[]
  readonly scheduledQueries: readonly string[]
  readonly resourceTypes: readonly string[]
  readonly suppressions: readonly string[]
  /** The inline filter. */
  readonly filter: MatchExpression | null
  readonly signalFields: readonly SignalField[]
}
export interface DetectionBody extends NamedSource, Selectable {
  readonly kind: 'detection'
}
/** A detection made of match expressions. */
export interface SimpleBody extends Omit<NamedSource, 'source'>, Selectable {
  readonly kind: 'simple'
  readonly source: null
  readonly content: SimpleDetection
}

/** A file of unit tests. Its id is its path. */
interface UnitTestsBody extends NamedSource {
  readonly kind: 'unit-tests'
}

/** A body that must not be loaded again, because its loading had to be ended; or that could not be loaded. */
export interface BrokenBody {
  readonly body: number
  readonly error: FunctionError
}

/** What a worker boots from, before any project is known. */
export interface WorkerSetup {
  /** The mark, as `MARK` lays it out. */
  readonly marker: SharedArrayBuffer
  /** The way to ask for items of the caching helpers. */
  readonly cache: CacheChannel
  /** What names the program's own text. To find it may mean to read all of it, so one thread does it for all. */
  readonly programVersion: string
  /** Folder of the images, or null: there is no cache. */
  readonly snapshotDirectory: string | null
  /** Bytes beyond which Python gets a MemoryError. */
  readonly memoryBytes: number
  /** The compiled interpreter, where another worker compiled it already. */
  readonly interpreter: CompiledInterpreter | null
  /** The trusted base, where another worker became it and the cache has not taken it. */
  base: BaseSnapshot | null
  /** Installed as soon as it is locked, where they are known by then. */
  readonly packages: PackageSet | null
}

/** A worker's first message: what it evaluates. */
export interface LoadRequest {
  readonly bodies: readonly Body[]
  readonly settings: Pick<Settings, 'classification' | 'limits'>
  readonly clockMode: ClockMode
  readonly packages: PackageSet
  /** Scheduled queries of the whole project: their rows are for scheduled rules alone, also in a group without any. */
  readonly scheduledQueries: readonly string[]
  /** What Python is asked to load, where no image holds it already. */
  readonly driverRequest: string
  /** Bodies that the request excludes. */
  readonly excluded: readonly number[]
  /** Whether a project's image may be used, and one be made where none is. */
  readonly snapshots: 'use' | 'make' | 'ignore'
}

/** Whether an event counts at its acceptance (`run`) or at its own time (`replay`). */
export type ClockMode = 'acceptance' | 'event'

export interface BodyCall {
  readonly body: number
  readonly entry: string
  readonly mocks: string
  readonly followLines: boolean
  readonly recordReads: boolean
}

export interface UnitTestCall {
  readonly body: number
  /** null: asks for the names of all. */
  readonly name: string | null
}

/** One function that is not called again for one item: calling it ended a worker. */
export interface Skip {
  readonly body: number
  readonly item: number
  /** Its place in `FUNCTIONS`. */
  readonly function: number
  readonly error: FunctionError
}

/** A body that changed what all bodies of its worker share, and the item at which it did. */
export interface Offender {
  readonly body: number
  readonly item: number
}

/** Items are events or calls; results stand in the same order. */
export type Work =
  | { readonly kind: 'evaluate'; readonly items: readonly Envelope[] }
  | { readonly kind: 'test'; readonly items: readonly BodyCall[] }
  | { readonly kind: 'unit-tests'; readonly items: readonly UnitTestCall[] }

export interface Job {
  readonly work: Work
  readonly skips: readonly Skip[]
  /** Bodies that no longer run. */
  readonly quarantined: readonly number[]
  /** Bodies whose marks must be exact. */
  readonly markEachItem: readonly number[]
  /** Some body has changed what all share: the canary is asked after each, to find it. */
  readonly checkIntegrity: boolean
}

export type ItemOutcome = EvaluatedEvent['outcome'] | TestOutcome | UnitTestOutcome | readonly string[]

export interface Printed {
  readonly body: number
  readonly text: string
}

/** What came of a job. */
export interface DriverResponse {
  readonly outcomes: readonly ItemOutcome[]
  readonly printed: readonly Printed[]
  /** Lists, dictionaries and sets of helpers that one of the bodies has changed, each named once by each worker. */
  readonly changedValues: readonly string[]
}

export type FromWorker =
  /** The worker's last word. */
  | {
      readonly kind: 'integrity-violation'
      readonly description: string
      readonly offender: Offender | null
    }
  | {
      readonly kind: 'booted'
      readonly interpreter: CompiledInterpreter
      readonly createdBase: CreatedBase | null
    }
  | ({ readonly kind: 'ready'; readonly heapBytes: number } & RestoredProject)
  | {
      readonly kind: 'done'
      /** A `DriverResponse` as JSON, which crosses several times faster than its objects do. */
      readonly response: string
      /** Of the interpreter's memory, which never shrinks. */
      readonly heapBytes: number
    }
