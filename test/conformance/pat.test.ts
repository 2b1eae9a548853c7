/** Reading what upstream's tool prints. */
import { expect, it } from 'vitest'
import { readPat } from '../../scripts/conformance/pat.ts'

const PRINTED = `INFO: Testing analysis items in .
INFO: No backend client provided

Test.First
\tNo tests configured for Test.First

Test.Second
printed before

\u001b[0m\t[\u001b[32mPASS\u001b[0m] login
\t\t[\u001b[32mPASS\u001b[0m] [rule] true
\t\t[\u001b[32mPASS\u001b[0m] [title] two
 lines
\t\t[\u001b[32mPASS\u001b[0m] [dedup] defaultDedupString:Test.Second
printed by the body
\t[\u001b[31mFAIL\u001b[0m] logout
\t\t[\u001b[31mFAIL\u001b[0m] [rule] true

--------------------------
Test Summary
\t[FAIL] of the summary
`.replaceAll('\u001b[0m\t', '\t')

it('the printed output of pat is read as tests with detection, verdict and outputs, also with texts of several lines', () => {
  expect(readPat(PRINTED, new Set(['Test.First', 'Test.Second']))).toEqual([
    {
      detection: 'Test.Second',
      name: 'login',
      passed: true,
      outputs: {
        rule: 'true',
        title: 'two\n lines',
        dedup: 'defaultDedupString:Test.Second\nprinted by the body',
      },
    },
    { detection: 'Test.Second', name: 'logout', passed: false, outputs: { rule: 'true' } },
  ])
})
