/** WORKER THREAD. Evaluates a guard and records what each of its expressions gave, so that the result can be explained. */
import { Compiler } from '../guard/compile-guard.ts'
import type { GuardProgram } from '../guard/guard-program.ts'
import { callFunction, type Expression, Run } from '../guard/guard-run.ts'
import type { RawObject } from '../guard/guard-values.ts'

/** One evaluation of one node. */
export interface Evaluation {
  readonly node: number
  /** How many functions were entered on the way to it. */
  readonly depth: number
  /** Those that were made for it, in their order. */
  readonly parts: Evaluation[]
  readonly value: unknown
}

export interface RecordedRun {
  /** The evaluations that no other one contains, in their order. */
  readonly evaluations: readonly Evaluation[]
  readonly outcome:
    | { readonly kind: 'returned'; readonly value: unknown }
    /** `at` is the innermost expression that failed; null: none was recorded. */
    | { readonly kind: 'failed'; readonly error: unknown; readonly at: Evaluation | null }
}

/** A guard takes at most 3,000 steps, but a step has many parts. */
const MAX_EVALUATIONS = 20_000

export function runRecorded(program: GuardProgram, record: RawObject, raw: string): RecordedRun {
  const compiler = new RecordingCompiler(program)
  const matcher = compiler.matcher()
  const run = new Run(record, raw, program)
  compiler.run = run
  try {
    const value = callFunction(matcher, [run.argument], run, null)
    return { evaluations: compiler.root.parts, outcome: { kind: 'returned', value } }
  } catch (error) {
    const at = compiler.failed
    return { evaluations: compiler.root.parts, outcome: { kind: 'failed', error, at } }
  }
}

interface OpenEvaluation extends Evaluation {
  value: unknown
}

class RecordingCompiler extends Compiler {
  readonly root: OpenEvaluation = { node: -1, depth: 0, parts: [], value: null }
  /** The innermost evaluation of the failure that is under way. */
  failed: Evaluation | null = null
  run: Run | null = null
  #current = this.root
  #count = 0
  #isFailing = false

  override passed(number: number | string): Expression {
    const evaluate = super.passed(number)
    return (frame) => {
      const around = this.#current
      const own = this.#begin(number as number, around)
      try {
        own.value = evaluate(frame)
      } catch (error) {
        if (!this.#isFailing) this.failed = own
        this.#isFailing = true
        throw error
      } finally {
        this.#current = around
      }
      // An exception that a handler caught is no failure.
      this.#isFailing = false
      return own.value
    }
  }

  #begin(node: number, around: OpenEvaluation): OpenEvaluation {
    const own: OpenEvaluation = { node, depth: this.run?.depth ?? 0, parts: [], value: undefined }
    if (++this.#count <= MAX_EVALUATIONS) around.parts.push(own)
    this.#current = own
    return own
  }
}
