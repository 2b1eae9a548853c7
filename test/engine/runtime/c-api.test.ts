/** Results of Python as JavaScript receives them. */
import { describe, expect, it } from 'vitest'
import { type CApi, callText, PythonRaised } from '../../../src/engine/runtime/c-api.ts'

const SIZE_AT = 8
const TEXT_AT = 16

/** An interpreter whose call returns a text of so many bytes; null: the result is not a text. */
function answering(bytes: number | null) {
  const buffer = new ArrayBuffer(64)
  new Uint8Array(buffer).set(Buffer.from('answer'), TEXT_AT)
  const cleared: true[] = []
  const api = {
    _malloc: () => SIZE_AT,
    _free: () => {},
    _PyUnicode_DecodeUTF8: () => 1,
    _PyObject_CallOneArg: () => 2,
    _Py_DecRef: () => {},
    _PyErr_Clear: () => cleared.push(true),
    _PyUnicode_AsUTF8AndSize: (_object: number, size: number) => {
      new DataView(buffer).setUint32(size, bytes ?? 0, true)
      return bytes === null ? 0 : TEXT_AT
    },
  } as unknown as CApi
  return { cleared, call: () => callText(api, { buffer }, 3, '') }
}

describe('an answer of Python', () => {
  it('the result of a call is its text', () => {
    expect(answering(6).call()).toBe('answer')
  })

  it('a result of more than 128 MiB is refused, and is not read', () => {
    expect(answering(128 * 1024 * 1024 + 1).call).toThrow(PythonRaised)
  })

  it('a result of Python that is not text leaves no pending error for the next call', () => {
    const { call, cleared } = answering(null)
    expect(call).toThrow(PythonRaised)
    expect(cleared).toEqual([true])
  })
})
