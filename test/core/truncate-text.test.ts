/** Shortened texts of messages. */
import { expect, it } from 'vitest'
import { truncateText } from '../../src/core/truncate-text.ts'

it('only a text that is longer than the limit is cut and gets dots', () => {
  expect(['', 'abc', 'abcd'].map((text) => truncateText(text, 3))).toEqual(['', 'abc', 'abc...'])
})
