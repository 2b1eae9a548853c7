/** All files are memory that is never written, so that a path and a position say everything. */
export interface OpenFile {
  readonly descriptor: number
  readonly path: string
  readonly flags: number
  readonly position: number
}

export interface CompiledInterpreter {
  readonly module: object
  /** Of what it was compiled from. */
  readonly fingerprint: string
}

export interface PythonFile {
  /** Relative, with `/`. */
  readonly path: string
  readonly text: string
}
