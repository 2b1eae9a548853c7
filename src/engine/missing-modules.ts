/** Bodies that failed for want of a module: says which command brings it, and who else waits for it. */
import type { BodyProblem } from '../model/evaluation.ts'
import { distributionOf } from '../model/packages.ts'

const MISSING = /No module named '([\w.]+)'/
const MOST_NAMED = 3

export function withHints(problems: readonly BodyProblem[]): BodyProblem[] {
  const waiting = Map.groupBy(problems, ({ error }) => MISSING.exec(error.message)?.[1])
  return problems.map((problem) => {
    const module = MISSING.exec(problem.error.message)?.[1]
    if (module === undefined) return problem
    const others = waiting.get(module)!.filter((other) => other !== problem)
    return { ...problem, hint: hintOf(module, others) }
  })
}

function hintOf(module: string, others: readonly BodyProblem[]): string {
  const [top, ...below] = module.split('.')
  // The package is there: what it lacks is most likely compiled.
  if (below.length > 0) return `only packages of pure Python run here: is ${top} one?`
  return `signalbox python add ${distributionOf(top!)} brings it${alsoNeeded(others)}`
}

function alsoNeeded(others: readonly BodyProblem[]): string {
  if (others.length === 0) return ''
  const names = others.slice(0, MOST_NAMED).map(({ id }) => id)
  const more = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : ''
  return `; also needed by ${names.join(', ')}${more}`
}
