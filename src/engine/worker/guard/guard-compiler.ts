/** WORKER THREAD. What compiles the nodes of a guard, as the files that compile one kind of them see it. */
import type { ProgramNode } from './guard-program.ts'
import type { CompiledFunction, Expression, Statement } from './guard-run.ts'

export type Operands = readonly (number | string)[]
export type ExpressionCompiler = (operands: Operands, compiler: GuardCompiler) => Expression

export interface GuardCompiler {
  node(number: number | string): ProgramNode
  constant(number: number | string): unknown
  statement(number: number | string): Statement
  /** An operand whose value is used. */
  expression(number: number | string): Expression
  /** An operand whose value is passed on as it is. */
  passed(number: number | string): Expression
  function(number: number | string): CompiledFunction
  /** Throws where the record names a log type whose data model the program does not follow. */
  requireModel(record: { readonly [key: string]: unknown }): void
}
