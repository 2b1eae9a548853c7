/**
 * WORKER THREAD. Compiles what the event is asked: methods, most of them `get`, nested lookups, and fields that its data
 * model unifies.
 */

import { all } from './compile-guard-parts.ts'
import type { ExpressionCompiler, GuardCompiler, Operands } from './guard-compiler.ts'
import { ABSENT, lookUp, lookUpExactly } from './guard-lookup.ts'
import { CHANGING_METHODS, callMethod, deepGet } from './guard-methods.ts'
import { isScalar, isTruthy } from './guard-operations.ts'
import { callFunction, type Expression } from './guard-run.ts'
import {
  ATTRIBUTE_ERROR,
  DictValue,
  EventValue,
  isRawObject,
  type TupleValue,
  UNSUPPORTED,
  viewOf,
} from './guard-values.ts'
import { deepWalk } from './guard-walk.ts'

export const EVENT_EXPRESSIONS: Readonly<Record<string, ExpressionCompiler>> = {
  deep_get: (operands, compiler) => {
    const [receiver, keys, otherwise] = all(operands, compiler)
    return (frame) => {
      const value = receiver!(frame)
      const path = keys!(frame) as TupleValue
      return deepGet(value, path.items, otherwise!(frame))
    }
  },
  deep_walk: (operands, compiler) => {
    const [receiver, keys, otherwise, wanted] = all(operands, compiler)
    return (frame) => {
      const value = receiver!(frame)
      if (!(value instanceof EventValue)) throw noSuchMethod(value)
      const path = keys!(frame) as TupleValue
      const fallback = otherwise!(frame)
      return deepWalk(value.record, path.items, fallback, wanted!(frame))
    }
  },
  udm_path: (operands, compiler) => {
    const [receiver, otherwise, path] = all(operands, compiler)
    return (frame) => {
      const { record } = eventOf(receiver!(frame), compiler)
      const fallback = otherwise!(frame)
      let value: unknown = record
      for (const key of (path!(frame) as TupleValue).items) {
        if (!isRawObject(value)) return fallback
        value = lookUpExactly(value, key)
        if (value === ABSENT) return fallback
      }
      return value
    }
  },
  udm_method: ([receiver, otherwise, number], compiler) => {
    const [event, fallback] = all([receiver!, otherwise!], compiler)
    const compiled = compiler.function(number!)
    return (frame) => {
      const { record } = eventOf(event!(frame), compiler)
      fallback!(frame)
      return viewOf(callFunction(compiled, [record], frame.run, null))
    }
  },
  udm_name: (operands, compiler) => {
    const [receiver, otherwise, keys] = all(operands, compiler)
    return (frame) => {
      const event = eventOf(receiver!(frame), compiler)
      const fallback = otherwise!(frame)
      const path = (keys!(frame) as TupleValue).items
      const unified = deepGet(event, ['p_udm', ...path], null)
      if (isTruthy(unified)) return unified
      const own = deepGet(event, path, null)
      return isTruthy(own) ? own : fallback
    }
  },
}

function eventOf(value: unknown, compiler: GuardCompiler): EventValue {
  if (!(value instanceof EventValue)) throw noSuchMethod(value)
  compiler.requireModel(value.record)
  return value
}

function noSuchMethod(value: unknown) {
  return isScalar(value) || isRawObject(value) || value instanceof DictValue ? ATTRIBUTE_ERROR : UNSUPPORTED
}

export function compileMethod([name, receiver, ...operands]: Operands, compiler: GuardCompiler): Expression {
  const evaluate = compiler.expression(receiver!)
  const given = all(operands, compiler)
  const [key, otherwise] = given
  if (name === 'get' && key && given.length <= 2) return compileGet(evaluate, key, otherwise ?? null)
  const isChange = CHANGING_METHODS.has(name as string)
  return (frame) => {
    const value = evaluate(frame)
    if (isChange) frame.run.beforeChange()
    return callMethod(
      name as string,
      value,
      given.map((each) => each(frame)),
    )
  }
}

function compileGet(receiver: Expression, key: Expression, otherwise: Expression | null): Expression {
  return (frame) => {
    const value = receiver(frame)
    const name = key(frame)
    const fallback = otherwise ? otherwise(frame) : null
    const object = value instanceof EventValue ? value.record : value
    if (!isRawObject(object)) return callMethod('get', value, otherwise ? [name, fallback] : [name])
    const found = lookUp(object, name)
    return found === ABSENT ? (fallback ?? null) : found
  }
}
