/** WORKER THREAD. Compiles the nodes of a guard into closures. Every operand is evaluated in Python's order. */
import { compileMethod, EVENT_EXPRESSIONS } from './compile-event-reads.ts'

import {
  all,
  bound,
  chain,
  compileBuiltin,
  compileComparison,
  gathered,
  spread,
} from './compile-guard-parts.ts'
import { compileLoop, compileStatement } from './compile-guard-statements.ts'
import { isInstance, textOf } from './guard-builtins.ts'
import type { ExpressionCompiler, GuardCompiler } from './guard-compiler.ts'
import { endOf, itemAt, sliceOf } from './guard-items.ts'

import { binary, isScalar, isTruthy, numberOf } from './guard-operations.ts'
import { decodeConstant, type GuardProgram, PatternValue, type ProgramNode } from './guard-program.ts'
import {
  type CompiledFunction,
  callFunction,
  type Expression,
  FunctionValue,
  NEXT,
  type Statement,
  UNBOUND,
} from './guard-run.ts'
import {
  DictValue,
  ListValue,
  requireAscii,
  SetValue,
  TruthyValue,
  TupleValue,
  TYPE_ERROR,
  UNSUPPORTED,
  Unknown,
} from './guard-values.ts'
import type { PatternMode } from './python-pattern.ts'

const MATCH = new TruthyValue('match')
const OTHER_MODEL = new Unknown('an event whose data model is another')
const PATTERN = new Unknown('a regular expression that is not translated')

export class Compiler implements GuardCompiler {
  readonly #program: GuardProgram
  readonly #constants: readonly unknown[]
  readonly #functions: readonly CompiledFunction[]
  readonly #expressions = new Map<number, Expression>()
  readonly #statements = new Map<number, Statement>()

  constructor(program: GuardProgram) {
    this.#program = program
    this.#functions = program.functions.map(([parameters, slots]) => ({
      parameters,
      unbound: Array.from({ length: slots }, () => UNBOUND),
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

  /** An operand whose value is used. */
  expression(number: number | string): Expression {
    return this.passed(number)
  }

  /** An operand whose value is passed on as it is. */
  passed(number: number | string): Expression {
    const known = this.#expressions.get(number as number) ?? this.compileNode(this.node(number))
    this.#expressions.set(number as number, known)
    return known
  }

  compileNode([operation, ...operands]: ProgramNode): Expression {
    const compile = EXPRESSIONS[operation]
    if (!compile) throw new Error(`unknown operation ${operation}`)
    return compile(operands, this)
  }

  function(number: number | string): CompiledFunction {
    return this.#functions[number as number]!
  }

  /** Requires the model of the event's own log type: fields are unified by the model of the type that the record names. */
  requireModel(record: { readonly [key: string]: unknown }): void {
    const own = Object.hasOwn(record, 'p_log_type') ? record.p_log_type : null
    if (this.#program.logType !== null && own !== this.#program.logType) throw OTHER_MODEL
  }
}

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
  outer:
    ([depth, slot]) =>
    (frame) => {
      let outer = frame
      for (let left = depth as number; left > 0; left--) outer = outer.outer!
      return bound(outer.slots[slot as number])
    },
  global:
    ([slot]) =>
    (frame) =>
      bound(frame.run.globals[slot as number]),
  assign: ([slot, value], compiler) => {
    const evaluate = compiler.passed(value!)
    return (frame) => {
      const assigned = evaluate(frame)
      frame.run.beforeChange()
      frame.slots[slot as number] = assigned
      return assigned
    }
  },
  and: (operands, compiler) => chain(operands, compiler, false),
  or: (operands, compiler) => chain(operands, compiler, true),
  not: ([operand], compiler) => {
    const evaluate = compiler.expression(operand!)
    return (frame) => !isTruthy(evaluate(frame))
  },
  if: (operands, compiler) => {
    const test = compiler.expression(operands[0]!)
    const [yes, no] = operands.slice(1).map((each) => compiler.passed(each))
    return (frame) => (isTruthy(test(frame)) ? yes!(frame) : no!(frame))
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
      run(frame, true, (key, value) => {
        dict.put(key, value)
        return false
      })
      return dict
    }
  },
  loop: (operands, compiler) => gathered(compiler, ['loop', ...operands], true),
  index: (operands, compiler) => {
    const [container, key] = all(operands, compiler)
    const isConstant = compiler.node(operands[1]!)[0] === 'constant'
    return (frame) => {
      const value = container!(frame)
      return itemAt(value, key!(frame), () => isConstant || frame.run.hasPlainNumbers())
    }
  },
  slice: ([container, lower, upper], compiler) => {
    const evaluate = compiler.expression(container!)
    const ends = [lower!, upper!].map((each) => (each === -1 ? null : compiler.expression(each)))
    return (frame) => {
      const value = evaluate(frame)
      const [start, end] = ends.map((each) => each && endOf(each(frame), () => frame.run.hasPlainNumbers()))
      return sliceOf(value, start ?? undefined, end ?? undefined)
    }
  },
  lambda: ([number], compiler) => {
    const compiled = compiler.function(number!)
    return (frame) => new FunctionValue(compiled, frame)
  },
  call: ([number, ...operands], compiler) => {
    const compiled = compiler.function(number!)
    const given = operands.map((each) => compiler.passed(each))
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
    const given = operands.map((each) => compiler.passed(each))
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
  method: compileMethod,
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
  ...EVENT_EXPRESSIONS,
}
