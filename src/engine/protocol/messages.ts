/** BOTH THREADS. The messages between them. Besides the progress marker and the cache channel, nothing else crosses. */

import type { FunctionError } from '../../model/alerts/finding.ts'
import type { EvaluatedEvent, TestOutcome, UnitTestOutcome } from '../../model/events/evaluation.ts'
import type { Envelope } from '../../model/events/event.ts'
import type { GuardReport } from '../../model/events/guard-report.ts'
import type { SignalField } from '../../model/project/correlation-definition.ts'
import type { DataModel, DetectionType } from '../../model/project/detection.ts'
import type { MatchExpression, SimpleDetection } from '../../model/project/match-expression.ts'
import type { PackageSet } from '../../model/project/packages.ts'
import type { Settings } from '../../model/project/settings.ts'
import type { CacheChannel } from './cache-messages.ts'
import type { CompiledInterpreter, OpenFile } from './interpreter-start.ts'
import type { BodyGuards } from './module-analysis.ts'

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
  /** The pages of its memory; see heap-snapshot.ts. */
  readonly heap: Uint8Array
  /** The addresses of the driver's functions in it. */
  readonly addresses: Readonly<Record<DriverCall, number>>
  /** The address of the driver's progress cells in it. */
  readonly marker: number
  /** The size of the function table, because function pointers in the memory are indexes into it. */
  readonly functionCount: number
  readonly outside: OutsideState
}

/** State of an interpreter outside of its memory that a snapshot keeps; see docs/decisions/0014-a-restored-interpreter-is-a-loaded-one.md. */
export interface OutsideState {
  readonly openFiles: readonly OpenFile[]
  /** The value of the monotonic clocks. */
  readonly monotonicMs: number
}

/** The result of loading the bodies. */
interface LoadResults {
  readonly broken: readonly BrokenBody[]
  /** The facts of all bodies as JSON; see body-facts.ts. */
  readonly facts: string
}

/** The memory of an interpreter with a project loaded, as the difference from the base. */
export interface ProjectSnapshot extends LoadResults {
  readonly heap: Uint8Array
  readonly outside: OutsideState
  /** The bodies that the memory does not hold, because each start loads them. */
  readonly startDependent: readonly number[]
  /** `ModuleAnalysis.guard` of each body. */
  readonly guards: readonly (BodyGuards | null)[]
}

/** A base that a worker created because the cache had none. */
interface CreatedBase {
  readonly base: BaseSnapshot
  readonly packed: PackedSnapshot
}

/** A worker has loaded the project's bodies. */
export interface RestoredProject extends LoadResults {
  /** The snapshots that were created meanwhile. */
  readonly packed: readonly PackedSnapshot[]
  /** The bodies that each start loads. A restored project lists only new ones. */
  readonly startDependent: readonly number[]
  /** Why a requested snapshot of these bodies was not created; null: it was created, or none was requested. */
  readonly refusal: string | null
}

/** An entry for the cache. Only the main thread writes it, so that no worker waits. */
export interface PackedSnapshot {
  readonly name: string
  readonly parts: readonly Uint8Array[]
}

/**
 * A part of the project that a worker loads. Its number is its index in the list: helpers, data models, detections, unit
 * tests, and last the detections without Python.
 */
export type Body = HelperBody | DataModelBody | DetectionBody | SimpleBody | UnitTestsBody

interface NamedSource {
  readonly id: string
  readonly path: string
  readonly source: string
}
interface HelperBody extends NamedSource {
  readonly kind: 'helper'
  /** The helper is loaded only when something imports it. */
  readonly onDemand?: boolean
}
interface DataModelBody extends Omit<NamedSource, 'source'> {
  readonly kind: 'data-model'
  /** null: the data model has only mappings. */
  readonly source: string | null
  readonly logTypes: readonly string[]
  readonly mappings: DataModel['mappings']
}
/** A body that Python loads. */
export type NamedBody = HelperBody | DataModelBody | DetectionBody | UnitTestsBody

/** Decides which events a detection evaluates. */
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

/** A file of unit tests. Its path is its id. */
interface UnitTestsBody extends NamedSource {
  readonly kind: 'unit-tests'
}

/** A body that could not be loaded, or whose loading ended a worker. */
export interface BrokenBody {
  readonly body: number
  readonly error: FunctionError
}

/** What a worker boots from, before it knows a project. */
export interface WorkerSetup {
  /** The progress marker, with the layout of `MARKER_CELLS`. */
  readonly marker: SharedArrayBuffer
  /** The channel for requests of the caching helpers. */
  readonly cache: CacheChannel
  /** The version of the program's text. Computing it may mean reading all of it, so the main thread does it for all. */
  readonly programVersion: string
  /** The folder of the snapshots; null: there is no cache. */
  readonly snapshotDirectory: string | null
  /** Python raises a MemoryError beyond this size. */
  readonly memoryBytes: number
  /** The compiled interpreter, if another worker has compiled it already. */
  readonly interpreter: CompiledInterpreter | null
  /** The trusted base, if another worker has created it and the cache does not hold it yet. */
  base: BaseSnapshot | null
  /** The packages, if they are known by then; they are installed as soon as the interpreter is locked. */
  readonly packages: PackageSet | null
}

/** The first message to a worker: the project that it evaluates. */
export interface LoadRequest {
  readonly bodies: readonly Body[]
  readonly settings: Pick<Settings, 'classification' | 'limits'>
  readonly clockMode: ClockMode
  readonly packages: PackageSet
  /** The scheduled queries of the whole project. Only scheduled rules evaluate their rows, in every trust group. */
  readonly scheduledQueries: readonly string[]
  /** The load request to Python; see driver-request.ts. */
  readonly driverRequest: string
  /** The bodies that the request excludes. */
  readonly excluded: readonly number[]
  /** Whether the project's snapshot is used, and whether one is made if there is none. */
  readonly snapshots: 'use' | 'make' | 'ignore'
  /** Whether guards decide which detections do not run. */
  readonly guards: boolean
  /** The bodies of disabled detections. In `run` they are not loaded, so they turn off no guard there. */
  readonly disabled: readonly number[]
}

/** Whether an event counts at its acceptance (`run`) or at its own time (`replay`). */
export type ClockMode = 'acceptance' | 'event'

export interface BodyCall {
  readonly body: number
  readonly entry: string
  readonly mocks: string
  readonly followLines: boolean
  readonly recordReads: boolean
  readonly timeFunctions: boolean
}

/** A request for what is known of the guard of a body; see `GuardCall`. */
export interface BodyGuardCall {
  readonly body: number
  readonly entry: string | null
  readonly isMeasured: boolean
}

export interface UnitTestCall {
  readonly body: number
  /** null: requests the names of all tests. */
  readonly name: string | null
}

/** One function that is not called again for one item: calling it ended a worker. */
export interface Skip {
  readonly body: number
  readonly item: number
  /** The index of the function in `FUNCTIONS`. */
  readonly function: number
  readonly error: FunctionError
}

/** A body that changed what all bodies of its worker share, and the item at which it did. */
export interface Offender {
  readonly body: number
  readonly item: number
}

/** The items are events or calls; results have the same order. */
export type Work =
  | { readonly kind: 'evaluate'; readonly items: readonly Envelope[] }
  | { readonly kind: 'test'; readonly items: readonly BodyCall[] }
  | { readonly kind: 'unit-tests'; readonly items: readonly UnitTestCall[] }
  | { readonly kind: 'guards'; readonly items: readonly BodyGuardCall[] }

export interface Job {
  readonly work: Work
  readonly skips: readonly Skip[]
  /** The bodies that no longer run. */
  readonly quarantined: readonly number[]
  /** The bodies that mark each item before it runs. */
  readonly markEachItem: readonly number[]
  /** Whether the integrity check runs after each body, to find the one that changed shared state. */
  readonly checkIntegrity: boolean
}

export type ItemOutcome =
  | EvaluatedEvent['outcome']
  | TestOutcome
  | UnitTestOutcome
  | readonly string[]
  | GuardReport

export interface Printed {
  readonly body: number
  readonly text: string
}

/** The result of a job. */
export interface DriverResponse {
  readonly outcomes: readonly ItemOutcome[]
  readonly printed: readonly Printed[]
  /** The lists, dictionaries and sets of helpers that a body has changed. Each worker names each of them once. */
  readonly changedValues: readonly string[]
  /** The events for which no detection had to run. */
  readonly eventsWithoutPython: number
}

/** A `DriverResponse` as it crosses. */
export interface PackedResponse extends Omit<DriverResponse, 'outcomes'> {
  /** A number stands for so many quiet events in a row; see quiet-events.ts. */
  readonly outcomes: readonly (ItemOutcome | number)[]
}

export type FromWorker =
  /** The last message of a worker. */
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
      /** A `PackedResponse` as JSON, which crosses several times faster than its objects do. */
      readonly response: string
      /** The size of the interpreter's memory, which never shrinks. */
      readonly heapBytes: number
    }
