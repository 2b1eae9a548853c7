/** Match expressions as authors write them: one line of YAML -> the checked expression, compiled. */
import { ExpressionReader, type Grammar } from '../../src/config/detections/match-expressions.ts'
import { ProblemList } from '../../src/config/files/problems.ts'
import { SourceText } from '../../src/config/files/source-text.ts'
import { parseYaml } from '../../src/config/yaml/yaml.ts'
import { parseExact } from '../../src/core/exact-json.ts'
import { compile } from '../../src/match/compile-expression.ts'
import type { MatchExpression } from '../../src/model/project/match-expression.ts'
import type { Problem } from '../../src/model/project/problem.ts'

export function readExpression(
  yaml: string,
  grammar: Grammar = 'detection',
): { expression: MatchExpression; problems: readonly Problem[] } {
  const problems = new ProblemList()
  const expression = new ExpressionReader(new SourceText('spec.yml', yaml), problems, grammar).all(
    parseYaml(yaml).root!,
  )
  return { expression, problems: problems.sorted() }
}

/** @param event JSON text. */
export function holds(yaml: string, event: string, grammar?: Grammar): boolean {
  const { expression, problems } = readExpression(yaml, grammar)
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'))
  return compile(expression)(parseExact(event))
}
