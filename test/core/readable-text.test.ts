import { describe, expect, it } from 'vitest'
import { readableText, wellFormedJson } from '../../src/core/readable-text.ts'

describe('readableText', () => {
  it.each([
    ['a\0b\u0007c\u001b[31m\u007f', 'a␀b␇c␛[31m␡'],
    ['\u0080\u009f', '��'],
    ['x \ud800 y \udc00', 'x � y �'],
    ['\ufffe\uffff\ufdd0\u{1fffe}', '����'],
    ['gnp.\u202eexe.\u2066a\u2069', 'gnp.�exe.�a�'],
    ['a\r\nb\rc\u0085d\u2028e\u2029f', 'a\nb\nc\nd\ne\nf'],
  ])('makes visible what a receiver may refuse or misread: %j', (text, expected) => {
    expect(readableText(text)).toBe(expected)
  })

  it.each(['a\tb\nc', 'Grüße, 你好, שלום', '👩‍👩‍👧‍👦 🏴‍☠️', 'می‌خواهم\u200f'])('leaves %j as it is', (text) => {
    expect(readableText(text)).toBe(text)
  })
})

describe('wellFormedJson', () => {
  it.each([
    [String.raw`{"a":"\ud83d\ude00 \uD83D\uDE00"}`, String.raw`{"a":"\ud83d\ude00 \uD83D\uDE00"}`],
    [String.raw`["\ud800","\udc00","\ud800\ud800"]`, String.raw`["\ufffd","\ufffd","\ufffd\ufffd"]`],
    [String.raw`["\\ud800","\u0000",1.0]`, String.raw`["\\ud800","\u0000",1.0]`],
    ['["\ud800"]', '["�"]'],
  ])('replaces half characters alone: %s', (json, expected) => {
    expect(wellFormedJson(json)).toBe(expected)
  })
})
