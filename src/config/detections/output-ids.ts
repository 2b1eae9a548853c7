/** Names in `OutputIds` and in expectations that the registry does not know. */
import { nearest } from '../../core/did-you-mean.ts'
import type { DeclaredRouting } from '../destinations/destinations.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { child } from '../yaml/yaml.ts'
import type { YamlNode } from '../yaml/yaml-tree.ts'
import { nodeOf, type Spec } from './spec.ts'

/** The name that suppresses all destinations. */
const SKIP = 'SKIP'

interface OutputIdRules {
  readonly routing: DeclaredRouting
  readonly allowUnknown: boolean
  readonly problems: ProblemList
}

/** Reports unknown destinations. Every name is accepted without a registry. */
export function checkOutputIds(
  specs: readonly Spec[],
  { routing, allowUnknown, problems }: OutputIdRules,
): void {
  const { names, overrides } = routing
  if (!names) return
  const severity = allowUnknown ? 'warning' : 'error'
  for (const override of overrides) {
    checkNames(override.source, child(override.node, 'OutputIds'), names, severity, problems)
  }
  for (const spec of specs) {
    checkNames(spec.source, nodeOf(spec, 'OutputIds'), names, severity, problems)
    const tests = expectsDestinations(spec) ? nodeOf(spec, 'Tests') : undefined
    if (tests?.kind !== 'sequence') continue
    // This is a warning, because the case fails anyway.
    for (const test of tests.items) {
      checkNames(spec.source, child(test, 'ExpectedDestinations'), names, 'warning', problems)
    }
  }
}

function expectsDestinations({ tests }: Spec): boolean {
  return tests.some(({ expectations }) => expectations.ExpectedDestinations)
}

function checkNames(
  source: SourceText,
  list: YamlNode | undefined,
  names: ReadonlySet<string>,
  severity: 'error' | 'warning',
  problems: ProblemList,
): void {
  if (list?.kind !== 'sequence') return
  for (const item of list.items) {
    if (item.kind !== 'scalar' || item.text === SKIP || names.has(item.text)) continue
    const near = nearest(item.text, names)
    problems[severity](source, item.offset, {
      code: 'unknown-destination',
      message: `unknown destination "${item.text}"`,
      hint: near ? `did you mean "${near}"?` : `known: ${[...names].slice(0, 12).join(', ')}`,
    })
  }
}
