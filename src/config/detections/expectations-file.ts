/** `<spec>.expect.yml`: expectations keyed by test name, for repositories that other tools read too. */

import { nearest } from '../../core/did-you-mean.ts'
import type { Expectations, TestCase } from '../../model/project/detection.ts'
import { projectPath } from '../files/discover.ts'
import { ProblemList } from '../files/problems.ts'
import { EXPECTATIONS_FILE_SCHEMA } from '../schemas/expectations-schema.ts'
import { readMapping } from '../yaml/mapping.ts'
import { checkSchema } from '../yaml/schema-check.ts'
import { toRecord } from '../yaml/yaml.ts'
import { expectationsOf } from './test-cases.ts'

interface ExpectationsContext {
  readonly root: string
  readonly folders: readonly string[]
}

/** Adds the expectations of the file to the tests. An error in the file leaves the tests as they are. */
export function withExpectationsFile(
  tests: readonly TestCase[],
  path: string,
  context: ExpectationsContext,
  problems: ProblemList,
): readonly TestCase[] {
  const own = new ProblemList(problems.knownGood)
  const expected = withExpectations(tests, path, context, own)
  const found = own.sorted()
  problems.add(found.map((problem) => ({ ...problem, keepsFile: true })))
  return found.some(({ severity }) => severity === 'error') ? tests : expected
}

function withExpectations(
  tests: readonly TestCase[],
  path: string,
  { root, folders }: ExpectationsContext,
  problems: ProblemList,
): readonly TestCase[] {
  const file = projectPath(root, path)
  const mapping = readMapping({ path, file, folders }, problems)
  if (!mapping) return tests
  const { source, node } = mapping
  checkSchema(EXPECTATIONS_FILE_SCHEMA, { source, node, value: toRecord(node) }, problems)
  const byName = new Map(tests.map((test) => [test.name, test.expectations]))
  const given = new Map<string, Expectations>()
  for (const { key, keyOffset, value } of node.entries.values()) {
    const inline = byName.get(key)
    if (!inline) {
      const near = nearest(key, byName.keys())
      problems.error(source, keyOffset, {
        code: 'unknown-test',
        message: `unknown test case "${key}"`,
        hint: near ? `did you mean "${near}"?` : null,
      })
    } else if (value.kind === 'mapping') {
      for (const name of value.entries.keys()) {
        if (!(name in inline)) continue
        problems.error(source, value.entries.get(name)!.keyOffset, {
          code: 'duplicate-expectation',
          message: `duplicate ${name} of "${key}": the spec has it, too`,
          hint: 'remove it from one of the two files',
        })
      }
      given.set(key, expectationsOf(value))
    }
  }
  return tests.map((test) => {
    const more = given.get(test.name) ?? {}
    return {
      ...test,
      expectations: { ...test.expectations, ...more },
      fromExpectationsFile: Object.keys(more),
    }
  })
}
