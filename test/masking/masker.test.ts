/** Masking replaces secrets and personal data, and leaves the rest of the text as it is. */
import { expect, it } from 'vitest'
import { createMasker, maskRulesOf } from '../../src/masking/masker.ts'

const KEY = Buffer.alloc(32, 7)

function masked(names: readonly string[], json: string): string {
  return createMasker(maskRulesOf(names), KEY)(json)
}

it('secrets are found by the names of their fields and by their forms, at any depth', () => {
  const text = masked(
    ['secrets'],
    '{"a":[{"Password":"hunter22"}],"line":"key AKIAIOSFODNN7EXAMPLE used hunter22","tokenType":"x"}',
  )
  expect(text).not.toMatch(/hunter22|AKIA/)
  expect(text).toContain('"tokenType":"x"')
  const { a, line } = JSON.parse(text) as { a: [{ Password: string }]; line: string }
  expect(line).toMatch(/^key masked-[0-9a-f]{8} used masked-[0-9a-f]{8}$/)
  expect(line.endsWith(a[0].Password)).toBe(true)
})

it('personal data gets the same pseudonym in each event, and private addresses stay', () => {
  const mask = createMasker(maskRulesOf(['personal']), KEY)
  const first = JSON.parse(mask('{"who":"ann@corp.io","ip":"8.8.4.4","in":"10.1.2.3","six":"2a00:1450::5"}'))
  const second = JSON.parse(mask('{"text":"mail of ann@corp.io from 8.8.4.4"}'))
  expect(first.who).toMatch(/^user-[0-9a-f]{8}@example\.com$/)
  expect(first.ip).toMatch(/^198\.1[89]\.\d+\.\d+$/)
  expect(first.in).toBe('10.1.2.3')
  expect(first.six).toMatch(/^2001:db8::/)
  expect(second.text).toBe(`mail of ${first.who} from ${first.ip}`)
})

it('the values of a named field are masked where they occur as words, numbers included', () => {
  const text = masked(
    ['userName', 'pin'],
    '{"userName":"ann","arn":"role/ann","other":"annex","pin":4711,"x":null}',
  )
  expect(text).toContain('"other":"annex"')
  expect(text).toContain('"x":null')
  expect(text).not.toContain('4711')
  const { userName, arn } = JSON.parse(text) as Record<string, string>
  expect(userName).toMatch(/^masked-/)
  expect(arn).toBe(`role/${userName}`)
})

it('what is not masked keeps its spelling', () => {
  const json = '{ "n": 12345678901234567890.10, "e": "\\u00e9", "t": "at 12:30:45", "l": [true, {}] }'
  expect(masked(['secrets', 'personal'], json)).toBe(json)
})

it('another key gives another pseudonym', () => {
  const other = createMasker(maskRulesOf(['secrets']), Buffer.alloc(32, 8))
  expect(other('{"password":"a"}')).not.toBe(masked(['secrets'], '{"password":"a"}'))
})
