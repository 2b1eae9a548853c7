/** WORKER THREAD. Types of WebAssembly that are used here, since the types of Node do not contain them. */

export type HostImport = ((...args: unknown[]) => unknown) & object

export interface Memory {
  readonly buffer: ArrayBuffer
}
