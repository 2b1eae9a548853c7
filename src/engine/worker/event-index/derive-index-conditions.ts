/**
 * WORKER THREAD. Runs a guard on an event that has none of the fields it asks for, and records each test of a
 * field on the way. An event for which every test comes out the same takes the same way, and stays silent too.
 */
import { Compiler } from '../guard/compile-guard.ts'
import { callMethod } from '../guard/guard-methods.ts'
import { COMPARISONS, contains, equals, isScalar } from '../guard/guard-operations.ts'
import type { GuardProgram, ProgramNode } from '../guard/guard-program.ts'
import { callFunction, type Expression, type Frame, Run } from '../guard/guard-run.ts'
import {
  DictValue,
  EventValue,
  itemsOf,
  type RawObject,
  SetValue,
  type TupleValue,
  viewOf,
} from '../guard/guard-values.ts'
import { FieldRecorder, FieldValue, type GivenField } from './field-recorder.ts'
import type { FieldPath, IndexCondition } from './index-condition.ts'

export type IndexConditions =
  | { readonly conditions: readonly IndexCondition[] }
  /** The guard is always evaluated. */
  | { readonly reason: string }

/**
 * @param logType What `p_log_type` of every event is for which the conditions are asked.
 * @param given A field that every such event has. One that also has the field in other letters still has it in these.
 */
export function deriveIndexConditions(
  program: GuardProgram,
  logType: string | null,
  given: GivenField | null = null,
): IndexConditions {
  return traceConditions(program, new FieldRecorder(logType, given))
}

/** Returns the conditions that the recorder has after the guard ran. */
export function traceConditions(program: GuardProgram, recorder: FieldRecorder): IndexConditions {
  if (program.isPlain) return { reason: 'a policy' }
  try {
    const run = new Run(UNSEEN, '{}', program)
    const matcher = new TracingCompiler(program, recorder).matcher()
    const result = recorder.valueOf(callFunction(matcher, [run.argument], run, null))
    if (result !== program.silent) return { reason: 'it matches an event without fields' }
    return { conditions: recorder.conditions() }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

function refuse(): never {
  throw new Error('the event is looked at in a way that is not followed')
}

/** Stands for the event: whatever is not followed by a tracer must not find it empty. */
const UNSEEN = new Proxy(
  {},
  { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse },
) as RawObject

type Tracer = (operands: readonly (number | string)[], compiler: TracingCompiler) => Expression

class TracingCompiler extends Compiler {
  readonly recorder: FieldRecorder

  constructor(program: GuardProgram, recorder: FieldRecorder) {
    super(program)
    this.recorder = recorder
  }

  override expression(number: number | string): Expression {
    const evaluate = this.passed(number)
    return (frame) => this.recorder.valueOf(evaluate(frame))
  }

  override compileNode(node: ProgramNode): Expression {
    const [operation, ...operands] = node
    const trace = TRACERS[operation]
    return trace ? trace(operands, this) : super.compileNode(node)
  }
}

const TRACERS: Readonly<Record<string, Tracer>> = {
  method: ([name, receiver, ...operands], compiler) => {
    const evaluate = compiler.passed(receiver!)
    const given = operands.map((each) => compiler.passed(each))
    return (frame) => traceMethod(name as string, evaluate(frame), given, frame, compiler)
  },
  deep_get: ([receiver, keys, otherwise], compiler) => {
    const [event, path, fallback] = [receiver!, keys!, otherwise!].map((each) => compiler.passed(each))
    return (frame) => {
      const value = event!(frame)
      const names = (path!(frame) as TupleValue).items
      const standIn = fallback!(frame)
      if (!(value instanceof EventValue) || !areTexts(names)) throw new Error('a lookup on something else')
      if (standIn instanceof DictValue && standIn.entries.size > 0)
        throw new Error('a default that is looked into')
      return compiler.recorder.field(
        { keys: names, isExact: false, raisesOnTheWay: false, nullIsAbsent: true },
        standIn,
      )
    }
  },
  udm_path: ([receiver, otherwise, keys], compiler) => {
    const [event, fallback, path] = [receiver!, otherwise!, keys!].map((each) => compiler.passed(each))
    return (frame) => {
      if (!(event!(frame) instanceof EventValue)) throw new Error('a lookup on something else')
      const standIn = fallback!(frame)
      const names = (path!(frame) as TupleValue).items as readonly string[]
      return compiler.recorder.field(
        { keys: names, isExact: true, raisesOnTheWay: false, nullIsAbsent: false },
        standIn,
      )
    }
  },
  udm_method: ([receiver, otherwise, number], compiler) => {
    const [event, fallback] = [receiver!, otherwise!].map((each) => compiler.passed(each))
    const compiled = compiler.function(number!)
    return (frame) => {
      if (!(event!(frame) instanceof EventValue)) throw new Error('a lookup on something else')
      fallback!(frame)
      const value = callFunction(compiled, [UNSEEN], frame.run, null)
      if (value instanceof FieldValue && !isScalar(value.fallback))
        return viewOf(compiler.recorder.valueOf(value))
      return viewOf(value)
    }
  },
  deep_walk: ([receiver, keys, otherwise], compiler) => {
    const [event, path, fallback] = [receiver!, keys!, otherwise!].map((each) => compiler.passed(each))
    return (frame) => {
      const names = (path!(frame) as TupleValue).items
      if (!(event!(frame) instanceof EventValue) || !areTexts(names) || names.length === 0)
        throw new Error('a walk through something else')
      // Lists may stand on the way, so only its beginning is looked at.
      const first = { keys: names.slice(0, 1), isExact: true, raisesOnTheWay: false, nullIsAbsent: false }
      compiler.recorder.requireAbsent(first)
      return fallback!(frame)
    }
  },
  udm_name: ([receiver, otherwise, keys], compiler) => {
    const [event, fallback, path] = [receiver!, otherwise!, keys!].map((each) => compiler.passed(each))
    return (frame) => {
      if (!(event!(frame) instanceof EventValue)) throw new Error('a lookup on something else')
      const standIn = fallback!(frame)
      const names = (path!(frame) as TupleValue).items
      if (!areTexts(names)) throw new Error('a key that is no text')
      for (const own of [['p_udm', ...names], names]) {
        const parts = { keys: own, isExact: false, raisesOnTheWay: false, nullIsAbsent: true }
        compiler.recorder.requireAbsent(parts)
      }
      return standIn
    }
  },
  compare: (operands, compiler) => {
    const [left, operator, right, ...rest] = operands
    if (rest.length > 0) return standard('compare', operands, compiler)
    const [first, second] = [compiler.passed(left!), compiler.passed(right!)]
    return (frame) => {
      const value = first(frame)
      return traceComparison(operator as string, value, second(frame), compiler.recorder)
    }
  },
}

function standard(
  operation: string,
  operands: readonly (number | string)[],
  compiler: TracingCompiler,
): Expression {
  return Compiler.prototype.compileNode.call(compiler, [operation, ...operands])
}

function areTexts(values: readonly unknown[]): values is readonly string[] {
  return values.every((each) => typeof each === 'string')
}

function traceMethod(
  name: string,
  receiver: unknown,
  given: readonly Expression[],
  frame: Frame,
  compiler: TracingCompiler,
): unknown {
  const { recorder } = compiler
  if (name === 'get' || name === 'get_default') {
    const parent = parentOf(receiver)
    if (parent) {
      const key = recorder.valueOf(given[0]!(frame))
      if (typeof key !== 'string') throw new Error('a key that is no text')
      const path = { ...parent, keys: [...parent.keys, key], nullIsAbsent: false }
      return recorder.field(path, given[1] ? given[1](frame) : null)
    }
  }
  if (receiver instanceof FieldValue && typeof receiver.fallback === 'string') {
    if ((name === 'lower' || name === 'upper') && receiver.letterCase === null) {
      return new FieldValue(receiver.path, callMethod(name, receiver.fallback, []), name)
    }
    if (name === 'startswith' || name === 'endswith') {
      return traceAffix(name, receiver, recorder.valueOf(given[0]!(frame)), recorder)
    }
  }
  const value = recorder.valueOf(receiver)
  return callMethod(
    name,
    value,
    given.map((each) => recorder.valueOf(each(frame))),
  )
}

/** The path below which `get` looks: of the event itself, or of a field whose stand-in is an empty dict. */
function parentOf(receiver: unknown): FieldPath | null {
  if (receiver instanceof EventValue || receiver === UNSEEN) {
    return { keys: [], isExact: false, raisesOnTheWay: true, nullIsAbsent: false }
  }
  if (!(receiver instanceof FieldValue) || receiver.path.isExact || receiver.letterCase !== null) return null
  const { fallback, path } = receiver
  if (!(fallback instanceof DictValue) || fallback.entries.size > 0) return null
  // On the way of `deep_get` other things are passed over; then `get` on its result would raise. Not both in one path.
  return path.raisesOnTheWay ? path : null
}

function traceAffix(
  name: 'startswith' | 'endswith',
  field: FieldValue,
  given: unknown,
  recorder: FieldRecorder,
): unknown {
  const outcome = callMethod(name, field.fallback, [given])
  const texts = typeof given === 'string' ? [given] : (itemsOf(given) ?? [])
  if (outcome === true || !areTexts(texts)) return callMethod(name, recorder.valueOf(field), [given])
  recorder.add(field, name === 'startswith' ? 'prefix' : 'suffix', texts, true)
  return outcome
}

function traceComparison(operator: string, left: unknown, right: unknown, recorder: FieldRecorder): unknown {
  const traced =
    operator === '==' || operator === '!='
      ? traceEquality(left, right, recorder)
      : operator === 'in' || operator === 'not in'
        ? traceMembership(left, right, recorder)
        : null
  if (traced === null) return COMPARISONS[operator]!(recorder.valueOf(left), recorder.valueOf(right))
  return operator === '!=' || operator === 'not in' ? !traced : traced
}

/** null: it is no test that is followed. */
function traceEquality(left: unknown, right: unknown, recorder: FieldRecorder): boolean | null {
  const [field, other] = left instanceof FieldValue ? [left, right] : [right, left]
  if (!(field instanceof FieldValue) || other instanceof FieldValue || !isScalar(other)) return null
  if (field.fallback instanceof FieldValue || equals(field.fallback, other)) return null
  recorder.add(field, 'equal', [other], false)
  return false
}

function traceMembership(left: unknown, right: unknown, recorder: FieldRecorder): boolean | null {
  if (left instanceof FieldValue && !(right instanceof FieldValue)) {
    const values = scalarsOf(right)
    if (values === null || left.fallback instanceof FieldValue || contains(right, left.fallback)) return null
    recorder.add(left, 'equal', values, !itemsOf(right))
    return false
  }
  if ((right instanceof EventValue || right === UNSEEN) && typeof left === 'string') {
    const key = { keys: [left], isExact: false, raisesOnTheWay: false, nullIsAbsent: false }
    if (!(recorder.field(key, null) instanceof FieldValue)) return true
    recorder.valueOf(recorder.field(key, null))
    return false
  }
  if (right instanceof FieldValue && typeof left === 'string' && typeof right.fallback === 'string') {
    if (contains(right.fallback, left)) return null
    recorder.add(right, 'contains', [left], true)
    return false
  }
  return null
}

function scalarsOf(container: unknown): (string | number | boolean | null)[] | null {
  const values =
    container instanceof SetValue
      ? [...container.elements.values()]
      : container instanceof DictValue
        ? [...container.entries.values()].map(([key]) => key)
        : itemsOf(container)
  return values?.every(isScalar) ? [...values] : null
}
