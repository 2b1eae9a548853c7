/**
 * WORKER THREAD. Parts of expressions that take several operands: chains, comparisons, displays, calls of
 * Python's own functions.
 */

import { compileLoop } from './compile-guard-statements.ts'
import { BUILTINS } from './guard-builtins.ts'
import type { GuardCompiler, Operands } from './guard-compiler.ts'
import { COMPARISONS, elementsOf, isScalar, isTruthy } from './guard-operations.ts'
import type { ProgramNode } from './guard-program.ts'
import { callFunction, type Expression, FunctionValue, UNBOUND, UNBOUND_NAME } from './guard-run.ts'
import { ListValue, UNSUPPORTED } from './guard-values.ts'

export function gathered(compiler: GuardCompiler, node: ProgramNode, isOrdered: boolean): Expression {
  const run = compileLoop(compiler, node)
  return (frame) => {
    const items: unknown[] = []
    run(frame, isOrdered, (value) => {
      items.push(value)
      return false
    })
    return new ListValue(items)
  }
}

/** An operand whose elements are taken; a comprehension need not keep their order where nothing looks at it. */
function elements(operand: number | string, compiler: GuardCompiler, isOrdered: boolean): Expression {
  const node = typeof operand === 'number' && operand >= 0 ? compiler.node(operand) : null
  return node?.[0] === 'loop' ? gathered(compiler, node, isOrdered) : compiler.expression(operand)
}

export function all(operands: Operands, compiler: GuardCompiler): Expression[] {
  return operands.map((each) => compiler.expression(each))
}

export function bound(value: unknown): unknown {
  if (value === UNBOUND) throw UNBOUND_NAME
  return value
}

/** `and` and `or` give the operand that decided. */
export function chain(operands: Operands, compiler: GuardCompiler, ends: boolean): Expression {
  const last = compiler.passed(operands.at(-1)!)
  const first = all(operands.slice(0, -1), compiler)
  return (frame) => {
    for (const operand of first) {
      const value = operand(frame)
      if (isTruthy(value) === ends) return value
    }
    return last(frame)
  }
}

export function compileComparison([left, ...rest]: Operands, compiler: GuardCompiler): Expression {
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

export function compileBuiltin([name, ...operands]: Operands, compiler: GuardCompiler): Expression {
  const [only] = operands
  if ((name === 'any' || name === 'all') && compiler.node(only!)[0] === 'loop') {
    const run = compileLoop(compiler, compiler.node(only!))
    const isAny = name === 'any'
    return (frame) => run(frame, false, (value) => isTruthy(value) === isAny) === isAny
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
export function spread(
  operands: Operands,
  compiler: GuardCompiler,
  isOrdered = true,
): (frame: Parameters<Expression>[0]) => unknown[] {
  const parts = Array.from({ length: operands.length / 2 }, (_, at) => ({
    isWhole: operands[2 * at] === 1,
    evaluate: elements(operands[2 * at + 1]!, compiler, isOrdered),
  }))
  const constants = constantItems(operands, compiler)
  if (constants) return () => constants.slice()
  return (frame) => {
    const items: unknown[] = []
    for (const { isWhole, evaluate } of parts) {
      if (isWhole) items.push(...elementsOf(evaluate(frame), isOrdered))
      else items.push(evaluate(frame))
    }
    return items
  }
}

/** The items of a display of scalar constants, or null for other displays. */
function constantItems(operands: Operands, compiler: GuardCompiler): unknown[] | null {
  const items: unknown[] = []
  for (let at = 0; at < operands.length; at += 2) {
    const [operation, number] = compiler.node(operands[at + 1]!)
    if (operands[at] === 1 || operation !== 'constant') return null
    const value = compiler.constant(number!)
    if (!isScalar(value)) return null
    items.push(value)
  }
  return items
}
