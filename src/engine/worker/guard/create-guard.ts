/**
 * WORKER THREAD. A guard that is ready to decide. It only ever removes work: whatever it does not know, Python
 * decides.
 */
import { Compiler } from './compile-guard.ts'
import { elementsOf, isScalar } from './guard-operations.ts'
import type { GuardProgram, ProgramNode } from './guard-program.ts'
import { callFunction, type Expression, type Frame, Run } from './guard-run.ts'
import { DictDisplay, DictValue, itemsOf, type RawObject } from './guard-values.ts'

/** silent: the matcher would return its silent value and do nothing else. unknown: it has to run. */
export type GuardAnswer = 'silent' | 'unknown'

export interface Guard {
  /** @param record The parsed event with its filled-in fields. @param raw Its text, for the digits of its numbers. */
  evaluate(record: RawObject, raw: string): GuardAnswer
  /** What the matcher returns. Throws `Raised` or `Unknown`. */
  result(record: RawObject, raw: string): unknown
}

export function createGuard(program: GuardProgram): Guard {
  const matcher = new FastCompiler(program).matcher()
  const returned = (record: RawObject, raw: string): unknown => {
    const run = new Run(record, raw, program)
    return callFunction(matcher, [run.argument], run, null)
  }
  return {
    result: returned,
    evaluate(record, raw) {
      try {
        return returned(record, raw) === program.silent ? 'silent' : 'unknown'
      } catch {
        return 'unknown'
      }
    },
  }
}

type Operand = number | string

/** Leaves out work whose result is known, or that nothing asks for. Compilers that record each step do all of it. */
class FastCompiler extends Compiler {
  readonly #functions: GuardProgram['functions']

  constructor(program: GuardProgram) {
    super(program)
    this.#functions = program.functions
  }

  override compileNode(node: ProgramNode): Expression {
    const [operation, ...operands] = node
    if (operation === 'dict') return this.#dict(operands) ?? super.compileNode(node)
    if (operation === 'builtin' && operands[0] === 'any')
      return this.#anyEqual(operands[1]!, super.compileNode(node))
    return super.compileNode(node)
  }

  /** A dict whose keys are constant texts and whose values are constants or lambdas, each made when it is asked for. */
  #dict(operands: readonly Operand[]): Expression | null {
    const keys: string[] = []
    const values: Expression[] = []
    for (let at = 0; at < operands.length; at += 2) {
      const [operation, number] = this.node(operands[at]!)
      const key = operation === 'constant' ? this.constant(number!) : undefined
      const isSimple = ['constant', 'lambda'].includes(this.node(operands[at + 1]!)[0])
      if (typeof key !== 'string' || !isSimple) return null
      keys.push(key)
      values.push(this.passed(operands[at + 1]!))
    }
    const display = new DictDisplay(keys)
    return (frame) => new DictValue([], false, { display, valueAt: (at) => values[at]!(frame) })
  }

  /**
   * `any(name == … for each in …)`, where only the name depends on the event: the texts with which it is compared are
   * computed once. @param generic the expression that goes through all of them.
   */
  #anyEqual(loop: Operand, generic: Expression): Expression {
    const [operation, count, element, target, iterated, condition, ...rest] = this.node(loop)
    if (operation !== 'loop' || count !== 1 || condition !== -1 || rest.length > 0) return generic
    const [comparison, left, operator, right, ...others] = this.node(element!)
    if (comparison !== 'compare' || operator !== '==' || others.length > 0) return generic
    const [kind, slot] = this.node(target!)
    const [read, name] = this.node(left!)
    if (kind !== 'slot' || read !== 'local' || name === slot) return generic
    if (!this.#areConstant(iterated!) || !this.#isConstant(right!, slot!)) return generic
    const [items, text] = [this.passed(iterated!), this.passed(right!)]
    /** null: some of them are no texts. */
    let texts: ReadonlySet<unknown> | null | undefined
    return (frame) => {
      if (texts === undefined) texts = textsOf(items, text, frame, slot as number)
      const compared = texts === null ? null : frame.slots[name as number]
      return texts !== null && typeof compared === 'string' ? texts.has(compared) : generic(frame)
    }
  }

  /** Whether the node is a list or a tuple that has the same elements in every run. */
  #areConstant(number: Operand): boolean {
    const [operation, ...operands] = this.node(number)
    if (operation === 'constant') return itemsOf(this.constant(operands[0]!)) !== null
    if (operation === 'list' || operation === 'tuple')
      return operands.every((each, at) => (at % 2 === 0 ? each === 0 : this.node(each)[0] === 'constant'))
    const returned = operation === 'call' && operands.length === 1 ? this.#returnedNode(operands[0]!) : null
    return returned !== null && this.node(returned)[0] !== 'call' && this.#areConstant(returned)
  }

  /** Whether the node has the same value in every run, if the slot has. */
  #isConstant(number: Operand, slot: Operand): boolean {
    const [operation, ...operands] = this.node(number)
    switch (operation) {
      case 'constant':
        return isScalar(this.constant(operands[0]!))
      case 'local':
        return operands[0] === slot
      case 'binary':
        return operands.slice(1).every((each) => this.#isConstant(each, slot))
    }
    return false
  }

  /** The node that a function without parameters returns, if it does nothing else; else null. */
  #returnedNode(number: Operand): Operand | null {
    const [parameters, , body] = this.#functions[number as number]!
    const [only, ...rest] = this.#statementsOf(body)
    const returns = parameters === 0 && rest.length === 0 && only?.[0] === 'return'
    return returns ? only[1]! : null
  }

  #statementsOf(number: Operand): ProgramNode[] {
    const node = this.node(number)
    return node[0] === 'block' ? node.slice(1).flatMap((each) => this.#statementsOf(each)) : [node]
  }
}

function textsOf(
  items: Expression,
  text: Expression,
  frame: Frame,
  slot: number,
): ReadonlySet<unknown> | null {
  // A loop has a slot of its own, which nothing reads after it.
  try {
    const texts = [...elementsOf(items(frame))].map((each) => {
      frame.slots[slot] = each
      return text(frame)
    })
    return texts.length > 0 && texts.every((each) => typeof each === 'string') ? new Set(texts) : null
  } catch {
    return null
  }
}
