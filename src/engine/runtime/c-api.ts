/** Calls Python functions through the interpreter's C API: text in, text out. No object of one side reaches the other. */
import { Bug } from '../../errors.ts'
import type { Memory } from './imports/host-import.ts'

/** The exports that are used; addresses are numbers. */
export interface CApi {
  _malloc(bytes: number): number
  _free(address: number): void
  _PyUnicode_DecodeUTF8(address: number, bytes: number, errors: number): number
  _PyUnicode_AsUTF8AndSize(object: number, size: number): number
  _PyObject_CallOneArg(callable: number, argument: number): number
  _PyErr_Clear(): void
  _PyRun_SimpleString(code: number): number
  _PyImport_ImportModule(name: number): number
  _PyObject_GetAttrString(object: number, name: number): number
  _PyThreadState_Get(): number
  _PyUnstable_ThreadState_SetStackProtection(thread: number, start: number, bytes: number): number
  _emscripten_stack_get_base(): number
  _Py_DecRef(object: number): void
}

/**
 * Python's memory has no room for a longer answer that is one: it is made of outputs that are there, too. What is read
 * becomes objects of JavaScript, many times its bytes, which no limit of the interpreter counts.
 */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024

/** Python raised where it never should: the driver catches everything of the author's. */
export class PythonRaised extends Error {
  override name = 'PythonRaised'
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** @param callable address of a Python function of one `str` that returns `str`. */
export function callText(api: CApi, memory: Memory, callable: number, text: string): string {
  const argument = newString(api, memory, text)
  const result = api._PyObject_CallOneArg(callable, argument)
  api._Py_DecRef(argument)
  if (result === 0) {
    api._PyErr_Clear()
    throw new PythonRaised('the Python driver raised')
  }
  try {
    return readString(api, memory, result)
  } finally {
    api._Py_DecRef(result)
  }
}

/** While Python starts: nothing of an author's is there. */
export function runCode(api: CApi, memory: Memory, code: string): void {
  if (withText(api, memory, code, (text) => api._PyRun_SimpleString(text)) !== 0)
    throw new Bug(`the interpreter can't run its own start: ${code}`)
}

/**
 * Makes C functions that call themselves raise a RecursionError once they have used this much of Python's own stack. The
 * limit lies in Python's memory, so every interpreter that starts from this one has it, too.
 */
export function limitStack(api: CApi, bytes: number): void {
  // The stack grows downwards from its base.
  const start = api._emscripten_stack_get_base() - bytes
  if (api._PyUnstable_ThreadState_SetStackProtection(api._PyThreadState_Get(), start, bytes) !== 0)
    throw new Bug('the interpreter does not accept the limit of its stack')
}

/** Of a function of a module, which is imported for it, and both live for ever. */
export function addressOf(api: CApi, memory: Memory, module: string, name: string): number {
  const imported = withText(api, memory, module, (text) => api._PyImport_ImportModule(text))
  const found = imported && withText(api, memory, name, (text) => api._PyObject_GetAttrString(imported, text))
  if (found === 0) throw new Bug(`the Python runtime has no ${module}.${name}`)
  return found
}

/** The text as C has it, while it is used. */
function withText(api: CApi, memory: Memory, text: string, use: (address: number) => number): number {
  const bytes = encoder.encode(`${text}\0`)
  const address = api._malloc(bytes.length)
  new Uint8Array(memory.buffer).set(bytes, address)
  const result = use(address)
  api._free(address)
  return result
}

function newString(api: CApi, memory: Memory, text: string): number {
  const bytes = encoder.encode(text)
  const address = api._malloc(bytes.length + 1)
  if (address === 0) throw new Bug('the interpreter has no memory left for the request')
  // Asked for after the allocation: memory that grew is another buffer.
  new Uint8Array(memory.buffer).set(bytes, address)
  const object = api._PyUnicode_DecodeUTF8(address, bytes.length, 0)
  api._free(address)
  if (object === 0) throw new Bug('the interpreter has no memory left for the request')
  return object
}

function readString(api: CApi, memory: Memory, object: number): string {
  const size = api._malloc(4)
  const address = api._PyUnicode_AsUTF8AndSize(object, size)
  const bytes = new DataView(memory.buffer).getUint32(size, true)
  api._free(size)
  if (address === 0) {
    api._PyErr_Clear()
    throw new PythonRaised('the Python driver did not answer with text')
  }
  if (bytes > MAX_ANSWER_BYTES) throw new PythonRaised('the Python driver answered with too long a text')
  return decoder.decode(new Uint8Array(memory.buffer, address, bytes))
}
