/** Numbers keep the digits that they were written with. */
import { describe, expect, it } from 'vitest'
import { parseExact } from '../../src/core/exact-json.ts'

const NUMBERS = [
  ['0', '7', '-7', '1234567', '123456789012345', '0.5', '-0.25'],
  ['-0', '-0.0', '53.0', '1.50', '0.1e1', '1e5', '1E5', '1e+5', '2e-7', '-1.0E-2'],
  ['9007199254740993', '1234567890123456', '-12345678901234567890', '1234567890123456.5', '1e400'],
].flat()

describe('parsed exactly', () => {
  it.each(NUMBERS)('%s is written as it was read, wherever it stands', (number) => {
    const texts = [number, `[${number}]`, `{"a":${number}}`, `[1,${number},{"b":[${number},"x"]}]`]
    expect(texts.map((text) => JSON.stringify(parseExact(text)))).toEqual(texts)
    const spaced = `\n [ 1 ,\t${number}\r, { "b" : ${number} } ]`
    expect(JSON.stringify(parseExact(spaced))).toBe(`[1,${number},{"b":${number}}]`)
  })

  it('parseExact equals JSON.parse for texts with exact numbers', () => {
    const record = { time: '2026-01-02T03:04:05.678Z', list: [1, null, true, 'a,-0.5'], nested: { n: -3 } }
    expect(parseExact(JSON.stringify(record))).toEqual(record)
  })
})
