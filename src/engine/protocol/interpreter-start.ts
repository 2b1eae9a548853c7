/** BOTH THREADS. Types of what an interpreter starts from. */

/** An open file of the interpreter. All files are read-only memory, so the path and the position describe it fully. */
export interface OpenFile {
  readonly descriptor: number
  readonly path: string
  readonly flags: number
  readonly position: number
}

export interface CompiledInterpreter {
  readonly module: object
  /** Fingerprint of the bytes that it was compiled from. */
  readonly fingerprint: string
}

export interface PythonFile {
  /** A relative path with `/`. */
  readonly path: string
  readonly text: string
}
