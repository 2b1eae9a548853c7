import { expect, it } from 'vitest'
import { escapeMarkdown } from '../../../src/destinations/parts/markdown.ts'

it.each([
  ['a\n- b', 'a\n\\- b'],
  ['a\n+ b', 'a\n\\+ b'],
  ['a\n---\n===', 'a\n\\---\n\\==='],
  ['a\n12. b\n3) c', 'a\n12\\. b\n3\\) c'],
  ['a\n\n    code\n\tcode', 'a\n\n\u00a0\u00a0\u00a0\u00a0code\n\u00a0\u00a0\u00a0\u00a0code'],
  ['a\n  - b', 'a\n\u00a0\u00a0\\- b'],
  ['a-b, 1.5 = 2', 'a-b, 1.5 = 2'],
])('the beginning of a line makes no block: %j', (text, expected) => {
  expect(escapeMarkdown(text)).toBe(expected)
})
