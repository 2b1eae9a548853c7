/** WORKER THREAD. Reads the runtime's own Python files and the standard library. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import { PYTHON_FOLDER } from '../../installed-files.ts'
import type { PythonFile } from '../protocol/interpreter-start.ts'

export function readPythonFiles(): PythonFile[] {
  return readdirSync(PYTHON_FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py') || name.endsWith('.json'))
    .map((name) => ({
      path: name.replaceAll(sep, '/'),
      text: readFileSync(join(PYTHON_FOLDER, name), 'utf8'),
    }))
}

/** Returns Python's standard library, which is one zip archive. */
export function readStandardLibrary(): Uint8Array {
  return readFileSync(createRequire(import.meta.url).resolve('pyodide/python_stdlib.zip'))
}
