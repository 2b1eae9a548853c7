/** What the interpreter is made of, as far as it is used here: neither Node's types nor ours carry WebAssembly's. */

export type HostImport = ((...args: unknown[]) => unknown) & object

export interface Memory {
  readonly buffer: ArrayBuffer
}
