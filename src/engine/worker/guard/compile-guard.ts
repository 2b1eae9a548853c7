/** Compiles the node table of a guard into closures. Every operand is evaluated in Python's order. */
import { BUILTINS, isInstance, textOf } from './guard-builtins.ts'
import { compileLoop, compileStatement } from './compile-guard-statements.ts'
import { ABSENT, lookUp, lookUpExactly } from './guard-lookup.ts'
import { callMethod, deepGet } from './guard-methods.ts'
import { binary, COMPARISONS, elementsOf, isScalar, isTruthy, numberOf } from './guard-operations.ts'
import { decodeConstant, type GuardProgram, PatternValue, type ProgramNode } from './guard-program.ts'
import {
  type CompiledFunction,
  callFunction,
  type Expression,
  FunctionValue,
  NEXT,
  type Statement,
  UNBOUND,
  UNBOUND_NAME,
} from './guard-run.ts'
import {
  ATTRIBUTE_ERROR,
  DictValue,
  EventValue,
  hashOf,
  INDEX_ERROR,
  isRawObject,
  itemsOf,
  KEY_ERROR,
  ListValue,
  requireAscii,
  SetValue,
  TruthyValue,
  TupleValue,
  TYPE_ERROR,
  UNSUPPORTED,
  Unknown,
} from './guard-values.ts'
import { deepWalk } from './guard-walk.ts'
import type { PatternMode } from './python-pattern.ts'

const MATCH = new TruthyValue('match')
const OTHER_MODEL = new Unknown('an event whose data model is another')
const PATTERN = new Unknown('a regular expression that is not translated')

export class Compiler {
  readonly #program: GuardProgram
  readonly #constants: readonly unknown[]
  readonly #functions: readonly CompiledFunction[]
  readonly #expressions = new Map<number, Expression>()
  readonly #statements = new Map<number, Statement>()

  constructor(program: GuardProgram) {
    this.#program = program
    this.#functions = program.functions.map(([parameters, slots]) => ({
      parameters,
      slots,
      body: () => NEXT,
    }))
    this.#constants = program.constants.map((each) =>
      decodeConstant(each, (number) => new FunctionValue(this.#functions[number]!, null)),
    )
  }

  matcher(): CompiledFunction {
    for (const [number, [, , body]] of this.#program.functions.entries()) {
      this.#functions[number]!.body = this.statement(body)
    }
    return this.#functions[this.#program.matcher]!
  }

  node(number: number | string): ProgramNode {
    const node = this.#program.nodes[number as number]
    if (!node) throw new Error(`no node ${number}`)
    return node
  }

  constant(number: number | string): unknown {
    return this.#constants[number as number]
  }

  statement(number: number | string): Statement {
    const known = this.#statements.get(number as number) ?? compileStatement(this, this.node(number))
    this.#statements.set(number as number, known)
    return known
  }

  expression(number: number | string): Expression {
    const known = this.#expressions.get(number as number) ?? this.#compile(this.node(number))
    this.#expressions.set(number as number, known)
    return known
  }

  #compile([operation, ...operands]: ProgramNode): Expression {
    const compile = EXPRESSIONS[operation]
    if (!compile) throw new Error(`unknown operation ${operation}`)
    return compile(operands, this)
  }

  function(number: number | string): CompiledFunction {
    return this.#functions[number as number]!
  }

  /** Of the event's own log type only: fields are unified by the model of the type that the record names. */
  requireModel(record: { readonly [key: string]: unknown }): void {
    const own = Object.hasOwn(record, 'p_log_type') ? record.p_log_type : null
    if (this.#program.logType !== null && own !== this.#program.logType) throw OTHER_MODEL
  }
}

type Operands = readonly (number | string)[]
type ExpressionCompiler = (operands: Operands, compiler: Compiler) => Expression

const EXPRESSIONS: Readonly<Record<string, ExpressionCompiler>> = {
  constant: ([number], compiler) => {
    const value = compiler.constant(number!)
    return () => value
  },
  unknown: ([reason], compiler) => {
    const unknown = new Unknown(String(compiler.constant(reason!)))
    return () => {
      throw unknown
    }
  },
  local: ([slot]) => {
    const number = slot as number
    return (frame) => bound(frame.slots[number])
  },
  outer: ([depth, slot]) => (frame) => {
    let outer = frame
    for (let left = depth as number; left > 0; left--) outer = outer.outer!
    return bound(outer.slots[slot as number])
  },
  global:
    ([slot]) =>
    (frame) =>
      bound(frame.run.globals[slot as number]),
  assign: ([slot, value], compiler) => {
    const evaluate = compiler.expression(value!)
    return (frame) => {
      frame.slots[slot as number] = evaluate(frame)
      return frame.slots[slot as number]
    }
  },
  and: (operands, compiler) => chain(all(operands, compiler), false),
  or: (operands, compiler) => chain(all(operands, compiler), true),
  not: ([operand], compiler) => {
    const evaluate = compiler.expression(operand!)
    return (frame) => !isTruthy(evaluate(frame))
  },
  if: (operands, compiler) => {
    const [test, yes, no] = all(operands, compiler)
    return (frame) => (isTruthy(test!(frame)) ? yes!(frame) : no!(frame))
  },
  compare: compileComparison,
  binary: ([operator, left, right], compiler) => {
    const [first, second] = all([left!, right!], compiler)
    return (frame) => {
      const value = first!(frame)
      return binary(operator as string, value, second!(frame))
    }
  },
  immutable: ([operand], compiler) => {
    const evaluate = compiler.expression(operand!)
    return (frame) => {
      const value = evaluate(frame)
      // Python changes a list or a set in place.
      if (!isScalar(value) && !(value instanceof TupleValue)) throw UNSUPPORTED
      return value
    }
  },
  negate: ([operand], compiler) => {
    const evaluate = compiler.expression(operand!)
    return (frame) => {
      const number = numberOf(evaluate(frame))
      if (number === null) throw TYPE_ERROR
      return -number
    }
  },
  text: (operands, compiler) => {
    const parts = all(operands, compiler)
    return (frame) => parts.map((part) => requireAscii(textOf(part(frame), frame.run))).join('')
  },
  list: (operands, compiler) => {
    const gather = spread(operands, compiler)
    return (frame) => new ListValue(gather(frame) as unknown[])
  },
  tuple: (operands, compiler) => {
    const gather = spread(operands, compiler)
    return (frame) => new TupleValue(gather(frame))
  },
  set: (operands, compiler) => {
    const gather = spread(operands, compiler, false)
    return (frame) => new SetValue(gather(frame))
  },
  dict: (operands, compiler) => {
    const parts = all(operands, compiler)
    return (frame) => {
      const dict = new DictValue()
      for (let at = 0; at < parts.length; at += 2) {
        const key = parts[at]!(frame)
        dict.put(key, parts[at + 1]!(frame))
      }
      return dict
    }
  },
  dict_of: ([loop], compiler) => {
    const run = compileLoop(compiler, compiler.node(loop!))
    return (frame) => {
      const dict = new DictValue()
      run(frame, true, ([key, value]) => {
        dict.put(key, value)
        return false
      })
      return dict
    }
  },
  loop: (operands, compiler) => gathered(compiler, ['loop', ...operands], true),
  index: (operands, compiler) => {
    const [container, key] = all(operands, compiler)
    return (frame) => {
      const value = container!(frame)
      return itemAt(value, key!(frame))
    }
  },
  slice: ([container, lower, upper], compiler) => {
    const evaluate = compiler.expression(container!)
    const ends = [lower!, upper!].map((each) => (each === -1 ? null : compiler.expression(each)))
    return (frame) => {
      const value = evaluate(frame)
      const [start, end] = ends.map((each) => each && endOf(each(frame)))
      return sliceOf(value, start ?? undefined, end ?? undefined)
    }
  },
  lambda: ([number], compiler) => {
    const compiled = compiler.function(number!)
    return (frame) => new FunctionValue(compiled, frame)
  },
  call: ([number, ...operands], compiler) => {
    const compiled = compiler.function(number!)
    const given = all(operands, compiler)
    return (frame) =>
      callFunction(
        compiled,
        given.map((each) => each(frame)),
        frame.run,
        null,
      )
  },
  apply: ([callee, ...operands], compiler) => {
    const evaluate = compiler.expression(callee!)
    const given = all(operands, compiler)
    return (frame) => {
      const value = evaluate(frame)
      if (!(value instanceof FunctionValue)) throw isScalar(value) ? TYPE_ERROR : UNSUPPORTED
      const arguments_ = given.map((each) => each(frame))
      return callFunction(value.compiled, arguments_, frame.run, value.outer)
    }
  },
  builtin: compileBuiltin,
  isinstance: ([value, types], compiler) => {
    const [evaluate, names] = all([value!, types!], compiler)
    return (frame) => isInstance(evaluate!(frame), (names!(frame) as TupleValue).items, frame.run)
  },
  method: ([name, receiver, ...operands], compiler) => {
    const evaluate = compiler.expression(receiver!)
    const given = all(operands, compiler)
    return (frame) => {
      const value = evaluate(frame)
      return callMethod(
        name as string,
        value,
        given.map((each) => each(frame)),
      )
    }
  },
  regex: ([mode, pattern, text], compiler) => {
    const [first, second] = all([pattern!, text!], compiler)
    return (frame) => {
      const value = first!(frame)
      if (!(value instanceof PatternValue)) throw UNSUPPORTED
      const given = second!(frame)
      if (typeof given !== 'string') throw TYPE_ERROR
      const matches = value.test(mode as PatternMode, requireAscii(given))
      if (matches === null) throw PATTERN
      return matches ? MATCH : null
    }
  },
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
      const value = callFunction(compiled, [record], frame.run, null)
      // They would become views.
      if (value instanceof DictValue || value instanceof ListValue) throw UNSUPPORTED
      return value
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

function gathered(compiler: Compiler, node: ProgramNode, isOrdered: boolean): Expression {
  const run = compileLoop(compiler, node)
  return (frame) => {
    const items: unknown[] = []
    run(frame, isOrdered, ([value]) => {
      items.push(value)
      return false
    })
    return new ListValue(items)
  }
}

/** An operand whose elements are taken; a comprehension need not keep their order where nothing looks at it. */
function elements(operand: number | string, compiler: Compiler, isOrdered: boolean): Expression {
  const node = typeof operand === 'number' && operand >= 0 ? compiler.node(operand) : null
  return node?.[0] === 'loop' ? gathered(compiler, node, isOrdered) : compiler.expression(operand)
}

function all(operands: Operands, compiler: Compiler): Expression[] {
  return operands.map((each) => compiler.expression(each))
}

function bound(value: unknown): unknown {
  if (value === UNBOUND) throw UNBOUND_NAME
  return value
}

/** `and` and `or` give the operand that decided. */
function chain(operands: readonly Expression[], ends: boolean): Expression {
  const last = operands.at(-1)!
  const first = operands.slice(0, -1)
  return (frame) => {
    for (const operand of first) {
      const value = operand(frame)
      if (isTruthy(value) === ends) return value
    }
    return last(frame)
  }
}

function compileComparison([left, ...rest]: Operands, compiler: Compiler): Expression {
  const first = compiler.expression(left!)
  const steps = Array.from({ length: rest.length / 2 }, (_, at) => ({
    holds: COMPARISONS[rest[2 * at] as string]!,
    right: compiler.expression(rest[2 * at + 1]!),
  }))
  const [only] = steps
  if (steps.length === 1) {
    const { holds, right } = only!
    return (frame) => {
      const value = first(frame)
      return holds(value, right(frame))
    }
  }
  return (frame) => {
    let value = first(frame)
    for (const { holds, right } of steps) {
      const next = right(frame)
      if (!holds(value, next)) return false
      value = next
    }
    return true
  }
}

/** What they give does not depend on the order of what they are given. */
const WITHOUT_ORDER = new Set(['set', 'frozenset', 'sorted', 'sum', 'min', 'max', 'any', 'all'])

function compileBuiltin([name, ...operands]: Operands, compiler: Compiler): Expression {
  const [only] = operands
  if ((name === 'any' || name === 'all') && compiler.node(only!)[0] === 'loop') {
    const run = compileLoop(compiler, compiler.node(only!))
    const isAny = name === 'any'
    return (frame) => run(frame, false, ([value]) => isTruthy(value) === isAny) === isAny
  }
  const isOrdered = !WITHOUT_ORDER.has(name as string)
  const given = operands.map((each) => elements(each, compiler, isOrdered))
  if (name === 'reduce') return reduce(given)
  const builtin = BUILTINS[name as string]
  if (!builtin) throw new Error(`unknown function ${name}`)
  return (frame) =>
    builtin(
      given.map((each) => each(frame)),
      frame.run,
    )
}

function reduce([step, elements, start]: readonly Expression[]): Expression {
  return (frame) => {
    const callee = step!(frame)
    const items = elements!(frame)
    if (!(callee instanceof FunctionValue)) throw UNSUPPORTED
    let value = start!(frame)
    for (const each of elementsOf(items)) {
      value = callFunction(callee.compiled, [value, each], frame.run, callee.outer)
    }
    return value
  }
}

/** Pairs of whether all elements are meant, and a node. */
function spread(
  operands: Operands,
  compiler: Compiler,
  isOrdered = true,
): (frame: Parameters<Expression>[0]) => unknown[] {
  const parts = Array.from({ length: operands.length / 2 }, (_, at) => ({
    isWhole: operands[2 * at] === 1,
    evaluate: elements(operands[2 * at + 1]!, compiler, isOrdered),
  }))
  return (frame) => {
    const items: unknown[] = []
    for (const { isWhole, evaluate } of parts) {
      if (isWhole) items.push(...elementsOf(evaluate(frame), isOrdered))
      else items.push(evaluate(frame))
    }
    return items
  }
}

function itemAt(container: unknown, key: unknown): unknown {
  if (container instanceof DictValue) {
    const found = container.entries.get(hashOf(key))
    if (!found) throw KEY_ERROR
    return found[1]
  }
  if (container instanceof EventValue || isRawObject(container)) {
    const found = lookUp(container instanceof EventValue ? container.record : container, key)
    if (found === ABSENT) throw KEY_ERROR
    return found
  }
  const items = typeof container === 'string' ? requireAscii(container) : itemsOf(container)
  if (items === null) throw container instanceof SetValue || isScalar(container) ? TYPE_ERROR : UNSUPPORTED
  if (typeof key !== 'number') throw typeof key === 'string' || key === null ? TYPE_ERROR : UNSUPPORTED
  if (!Number.isInteger(key)) throw UNSUPPORTED
  const at = key < 0 ? key + items.length : key
  if (at < 0 || at >= items.length) throw INDEX_ERROR
  return items[at]
}

function endOf(value: unknown): number | null {
  if (value === null) return null
  if (typeof value !== 'number' || !Number.isInteger(value)) throw UNSUPPORTED
  return value
}

function sliceOf(value: unknown, start: number | undefined, end: number | undefined): unknown {
  if (typeof value === 'string') return requireAscii(value).slice(start, end)
  if (value instanceof ListValue) return new ListValue(value.items.slice(start, end))
  if (value instanceof TupleValue) return new TupleValue(value.items.slice(start, end))
  // Of a view a plain tuple of copies comes.
  if (Array.isArray(value) && value.every(isScalar)) return new TupleValue(value.slice(start, end))
  throw value === null || isScalar(value) ? TYPE_ERROR : UNSUPPORTED
}

function eventOf(value: unknown, compiler: Compiler): EventValue {
  if (!(value instanceof EventValue)) throw noSuchMethod(value)
  compiler.requireModel(value.record)
  return value
}

function noSuchMethod(value: unknown) {
  return isScalar(value) || isRawObject(value) || value instanceof DictValue ? ATTRIBUTE_ERROR : UNSUPPORTED
}

