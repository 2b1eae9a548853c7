/** The runtime's own Python files, read from beside this module so that it works from src and from dist. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface PythonFile {
  /** Relative, with `/`. */
  readonly path: string
  readonly text: string
}

export function readPythonFiles(): PythonFile[] {
  const folder = fileURLToPath(new URL('../python/', import.meta.url))
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py') || name.endsWith('.json'))
    .map((name) => ({ path: name.replaceAll(sep, '/'), text: readFileSync(join(folder, name), 'utf8') }))
}

/** Python's standard library, one zip archive. */
export function readStandardLibrary(): Uint8Array {
  return readFileSync(createRequire(import.meta.url).resolve('pyodide/python_stdlib.zip'))
}
