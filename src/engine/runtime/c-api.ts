/**
 * WORKER THREAD. Calls Python functions through the interpreter's C API, with text as argument and as result.
 *
 * Only text crosses: no Python object is visible to JavaScript and no JavaScript object to Python, so project code has no
 * proxy through which it could reach the host; see docs/decisions/0005-snapshots-under-a-lock.md. Addresses are plain numbers
 * in the interpreter's memory, and every call here keeps two rules. A reference that a C function returns is released
 * exactly once, or Python's heap grows with each batch. And the view on the memory is created after each call that may
 * allocate: memory that grows is a new buffer, and an old view has length zero.
 */
import { Bug } from '../../errors.ts'
import type { Memory } from './imports/host-import.ts'

/** The exports that are used. Addresses are numbers. */
export interface CApi {
  _malloc(bytes: number): number
  _free(address: number): void
  _emscripten_get_sbrk_ptr(): number
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
 * A genuine response is never longer, since Python's memory also holds the outputs of which it is made. JavaScript objects
 * take many times the bytes of their text, and no limit of the interpreter counts them.
 */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024

/** The driver raised, although it catches everything that project code raises. */
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

/** Runs code while Python starts, before any project code is loaded. */
export function runCode(api: CApi, memory: Memory, code: string): void {
  if (withText(api, memory, code, (text) => api._PyRun_SimpleString(text)) !== 0)
    throw new Bug(`the interpreter can't run its own start: ${code}`)
}

/**
 * Makes recursive C functions raise a RecursionError when they have used this much of Python's own stack. The limit is
 * stored in Python's memory, so snapshots of this interpreter contain it; see
 * docs/decisions/0017-two-stacks-and-the-first-to-end.md.
 */
export function limitStack(api: CApi, bytes: number): void {
  // The stack grows downwards from its base.
  const start = api._emscripten_stack_get_base() - bytes
  if (api._PyUnstable_ThreadState_SetStackProtection(api._PyThreadState_Get(), start, bytes) !== 0)
    throw new Bug('the interpreter does not accept the limit of its stack')
}

/** Imports a module and returns the address of a function of it. Neither reference is ever released. */
export function addressOf(api: CApi, memory: Memory, module: string, name: string): number {
  const imported = withText(api, memory, module, (text) => api._PyImport_ImportModule(text))
  const found = imported && withText(api, memory, name, (text) => api._PyObject_GetAttrString(imported, text))
  if (found === 0) throw new Bug(`the Python runtime has no ${module}.${name}`)
  return found
}

/** Puts a text into memory, terminated as in C, for the duration of a call. */
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
  // The buffer is read after the allocation, because memory that grew is another buffer.
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
    throw new PythonRaised('the response of the Python driver is not text')
  }
  if (bytes > MAX_ANSWER_BYTES) throw new PythonRaised('the response of the Python driver is too long')
  return decoder.decode(new Uint8Array(memory.buffer, address, bytes))
}

/** Returns the address at which the allocator ends. It only rises, because Emscripten gives no memory back. */
export function heapEnd(api: CApi, memory: Memory): number {
  return new DataView(memory.buffer).getUint32(api._emscripten_get_sbrk_ptr(), true)
}
