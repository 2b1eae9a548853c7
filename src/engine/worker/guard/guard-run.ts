/** WORKER THREAD. One evaluation of a guard on one event, and the frames of the functions in it. */
import { EventValue, plainValue, type RawObject, TOO_LONG, UNORDERED, Unknown } from './guard-values.ts'

const MAX_STEPS = 3_000
const MAX_DEPTH = 16
/** A number with a fraction, an exponent or a minus zero, or of many digits: JavaScript may write it differently. */
const PERHAPS_INEXACT = /(?:^|[:,[])\s*(?:-0|-?\d+[.eE])|\d{16}/

export const UNBOUND = Symbol('unbound')
export const UNBOUND_NAME = new Unknown('a name that has no value yet')

export class Run {
  readonly record: RawObject
  /** What the matcher is called with. */
  readonly argument: unknown
  readonly globals: unknown[]
  depth = 0
  /** Whether the elements of a set are looked at, all of them and in another order than Python's. */
  isUnordered = false
  readonly #raw: string
  #steps = 0
  #hasPlainNumbers: boolean | undefined

  constructor(
    record: RawObject,
    raw: string,
    program: { readonly globals: number; readonly isPlain: boolean },
  ) {
    this.record = record
    this.#raw = raw
    this.globals = program.globals === 0 ? [] : Array.from({ length: program.globals }, () => UNBOUND)
    this.argument = program.isPlain ? plainValue(record, true) : new EventValue(record)
  }

  step(): void {
    if (++this.#steps > MAX_STEPS) throw TOO_LONG
  }

  enter(): void {
    this.step()
    if (++this.depth > MAX_DEPTH) throw TOO_LONG
  }

  /** Called before anything is changed that the rest of the matcher could see. */
  beforeChange(): void {
    if (this.isUnordered) throw UNORDERED
  }

  /** Whether every number of the event is written as JavaScript would write it. */
  hasPlainNumbers(): boolean {
    this.#hasPlainNumbers ??= !PERHAPS_INEXACT.test(this.#raw) || hasOnlyPlainNumbers(this.#raw)
    return this.#hasPlainNumbers
  }
}

interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
}

/** Looks at every number, which takes several times as long as parsing. */
function hasOnlyPlainNumbers(raw: string): boolean {
  let isPlain = true
  const exact = JSON as unknown as ExactJson
  exact.parse(raw, (_, value, { source }) => {
    if (typeof value === 'number' && !Number.isInteger(value)) return value
    if (typeof value === 'number' && source !== String(value)) isPlain = false
    return value
  })
  return isPlain
}

export interface Frame {
  readonly run: Run
  readonly slots: unknown[]
  readonly outer: Frame | null
  result: unknown
}

export type Expression = (frame: Frame) => unknown

/** How a statement ended. */
export const NEXT = 0
export const RETURNED = 1
export const BROKEN = 2
export const CONTINUED = 3
export type Completion = typeof NEXT | typeof RETURNED | typeof BROKEN | typeof CONTINUED
export type Statement = (frame: Frame) => Completion

export interface CompiledFunction {
  readonly parameters: number
  /** The slots of a frame before anything is in them. */
  readonly unbound: readonly unknown[]
  /** Set once all nodes are compiled: functions may call each other. */
  body: Statement
}

/** A function with the frame in which it was made. */
export class FunctionValue {
  readonly compiled: CompiledFunction
  readonly outer: Frame | null
  constructor(compiled: CompiledFunction, outer: Frame | null) {
    this.compiled = compiled
    this.outer = outer
  }
}

export function callFunction(
  { parameters, unbound, body }: CompiledFunction,
  given: readonly unknown[],
  run: Run,
  outer: Frame | null,
): unknown {
  if (given.length !== parameters) throw UNBOUND_NAME
  run.enter()
  const slots = unbound.slice()
  for (let at = 0; at < parameters; at++) slots[at] = given[at]
  const frame: Frame = { run, slots, outer, result: null }
  body(frame)
  run.depth--
  return frame.result
}
