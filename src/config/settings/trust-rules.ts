/** Checks that each rule of `trust` in signalbox.yaml matches something: a typo would let a pack run together with all other code. */
import { matchesTrustRule, type TrustRule, type TrustSubject } from '../../model/project/trust-group.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'

export function checkTrust(
  rules: readonly TrustRule[],
  subjects: readonly TrustSubject[],
  { source, node }: { readonly source: SourceText; readonly node: MappingNode },
  problems: ProblemList,
): void {
  for (const [at, rule] of rules.entries()) {
    if (subjects.some((subject) => matchesTrustRule(rule, subject))) continue
    problems.error(source, nodeAt(node, `/trust/${at}/match`).offset, {
      code: 'unused-trust-rule',
      message: `this rule of trust group "${rule.group}" matches no detection, helper or data model`,
      hint: 'write paths relative to the project, with globs such as vendor/**',
    })
  }
}
