/** WORKER THREAD. Compiles the statements and loops of a guard. */
import type { GuardCompiler } from './guard-compiler.ts'
import { elementsOf, isTruthy } from './guard-operations.ts'
import type { ProgramNode } from './guard-program.ts'
import {
  BROKEN,
  CONTINUED,
  type Completion,
  type Expression,
  type Frame,
  NEXT,
  RETURNED,
  type Run,
  type Statement,
} from './guard-run.ts'
import {
  DictValue,
  IS_CONSTANT,
  Raised,
  SetValue,
  type TupleValue,
  UNORDERED,
  UNSUPPORTED,
  VALUE_ERROR,
} from './guard-values.ts'

type Target = (frame: Frame, value: unknown) => void

export function compileStatement(compiler: GuardCompiler, [operation, ...operands]: ProgramNode): Statement {
  switch (operation) {
    case 'block':
      return block(operands.map((each) => compiler.statement(each)))
    case 'return': {
      const evaluate = compiler.passed(operands[0]!)
      return (frame) => {
        frame.result = evaluate(frame)
        return RETURNED
      }
    }
    case 'do': {
      const evaluate = compiler.expression(operands[0]!)
      return (frame) => {
        evaluate(frame)
        return NEXT
      }
    }
    case 'set': {
      const put = compileTarget(compiler, operands[0]!)
      // What is taken apart or put into a container is used; a name only holds it.
      const evaluate = ['slots', 'item'].includes(compiler.node(operands[0]!)[0])
        ? compiler.expression(operands[1]!)
        : compiler.passed(operands[1]!)
      return (frame) => {
        put(frame, evaluate(frame))
        return NEXT
      }
    }
    case 'when':
      return when(compiler, operands)
    case 'for':
      return forEach(compiler, operands)
    case 'try':
      return attempt(compiler, operands)
    case 'break':
      return () => BROKEN
    case 'continue':
      return () => CONTINUED
  }
  throw new Error(`unknown statement ${operation}`)
}

function block(statements: readonly Statement[]): Statement {
  return (frame) => {
    for (const statement of statements) {
      const completion = statement(frame)
      if (completion !== NEXT) return completion
    }
    return NEXT
  }
}

function optional(compiler: GuardCompiler, number: number | string): Statement {
  return number === -1 ? () => NEXT : compiler.statement(number)
}

function when(compiler: GuardCompiler, [test, yes, no]: readonly (number | string)[]): Statement {
  const evaluate = compiler.expression(test!)
  const [body, otherwise] = [compiler.statement(yes!), optional(compiler, no!)]
  return (frame) => (isTruthy(evaluate(frame)) ? body(frame) : otherwise(frame))
}

function forEach(
  compiler: GuardCompiler,
  [target, iterated, body, otherwise]: readonly (number | string)[],
): Statement {
  const put = compileTarget(compiler, target!)
  const evaluate = compiler.expression(iterated!)
  const [run, rest] = [compiler.statement(body!), optional(compiler, otherwise!)]
  return (frame) => {
    for (const value of elementsOf(evaluate(frame))) {
      frame.run.step()
      put(frame, value)
      const completion = run(frame)
      if (completion === BROKEN) return NEXT
      if (completion === RETURNED) return RETURNED
    }
    return rest(frame)
  }
}

function attempt(
  compiler: GuardCompiler,
  [body, otherwise, ...rest]: readonly (number | string)[],
): Statement {
  const [run, after] = [compiler.statement(body!), optional(compiler, otherwise!)]
  const handlers = Array.from({ length: rest.length / 2 }, (_, at) => {
    // A node of a constant tuple: the types of exceptions that the handler catches.
    const types = compiler.expression(rest[2 * at]!)
    return { types, handle: compiler.statement(rest[2 * at + 1]!) }
  })
  return (frame) => {
    const depth = frame.run.depth
    let completion: Completion
    try {
      completion = run(frame)
    } catch (error) {
      if (!(error instanceof Raised)) throw error
      frame.run.depth = depth
      const handler = handlers.find(({ types }) => (types(frame) as TupleValue).items.includes(error.type))
      if (!handler) throw error
      return handler.handle(frame)
    }
    return completion === NEXT ? after(frame) : completion
  }
}

function compileTarget(compiler: GuardCompiler, number: number | string): Target {
  const [operation, ...operands] = compiler.node(number)
  switch (operation) {
    case 'slot':
      return (frame, value) => {
        frame.slots[operands[0] as number] = value
      }
    case 'global_slot':
      return (frame, value) => {
        frame.run.beforeChange()
        frame.run.globals[operands[0] as number] = value
      }
    case 'slots':
      return unpack(operands.map((each) => compileTarget(compiler, each)))
    case 'item':
      return putItem(compiler.expression(operands[0]!), compiler.expression(operands[1]!))
  }
  throw new Error(`unknown target ${operation}`)
}

function unpack(targets: readonly Target[]): Target {
  return (frame, value) => {
    const values = [...elementsOf(value)]
    if (values.length !== targets.length) throw VALUE_ERROR
    for (const [at, put] of targets.entries()) put(frame, values[at])
  }
}

function putItem(container: Expression, key: Expression): Target {
  return (frame, value) => {
    const dict = container(frame)
    if (!(dict instanceof DictValue)) throw UNSUPPORTED
    if (dict.isConstant) throw IS_CONSTANT
    frame.run.beforeChange()
    dict.put(key(frame), value)
  }
}

/**
 * All of a set is looked at. Python might find what it looks for before it comes to an element that raises, or that
 * changes something.
 */
function withoutOrder(run: Run, look: () => boolean): boolean {
  const isWithin = run.isUnordered
  run.isUnordered = true
  try {
    return look()
  } catch (error) {
    throw error instanceof Raised ? UNORDERED : error
  } finally {
    run.isUnordered = isWithin
  }
}

/** Gets an element, or a key and its value. Returns whether the loop ends. */
type Visit = (first: unknown, second: unknown) => boolean

/** Returns whether `visit` ended it. `isOrdered`: whether the order of a set would matter. */
type Loop = (frame: Frame, isOrdered: boolean, visit: Visit) => boolean

export function compileLoop(compiler: GuardCompiler, [, count, ...operands]: ProgramNode): Loop {
  const [first, second] = operands.slice(0, count as number).map((each) => compiler.expression(each))
  const parts = operands.slice(count as number)
  const clauses = Array.from({ length: parts.length / 3 }, (_, at) => ({
    put: compileTarget(compiler, parts[3 * at]!),
    iterated: compiler.expression(parts[3 * at + 1]!),
    condition: parts[3 * at + 2] === -1 ? null : compiler.expression(parts[3 * at + 2]!),
  }))
  const visitElement = (frame: Frame, visit: Visit): boolean =>
    visit(first!(frame), second ? second(frame) : null)
  const runClause = (at: number, frame: Frame, isOrdered: boolean, visit: Visit): boolean => {
    const source = clauses[at]!.iterated(frame)
    if (source instanceof SetValue && source.elements.size > 1) {
      return withoutOrder(frame.run, () => runElements(at, source, frame, isOrdered, visit, true))
    }
    return runElements(at, source, frame, isOrdered, visit, false)
  }
  const runElements = (
    at: number,
    source: unknown,
    frame: Frame,
    isOrdered: boolean,
    visit: Visit,
    isSet: boolean,
  ): boolean => {
    const { put, condition } = clauses[at]!
    const isLast = at + 1 === clauses.length
    let isEnded = false
    for (const value of elementsOf(source, isOrdered)) {
      frame.run.step()
      put(frame, value)
      if (condition && !isTruthy(condition(frame))) continue
      if (isLast ? visitElement(frame, visit) : runClause(at + 1, frame, isOrdered, visit)) {
        isEnded = true
        if (!isSet) return true
      }
    }
    return isEnded
  }
  return (frame, isOrdered, visit) => runClause(0, frame, isOrdered, visit)
}
