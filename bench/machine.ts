/** Describes the machine of the figures: enough to compare them, without names of the machine or its folders. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'

export interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly memoryGb: number
  readonly platform: string
  readonly node: string
  readonly pyodide: string
  /** The version of the compared CPython, or null. */
  readonly python: string | null
  /** The load average of one minute before the first measurement, which shows the load of other programs. */
  readonly load: number
}

export function machineFacts(checkout: string): Machine {
  const { dependencies } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1e9),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    pyodide: dependencies.pyodide ?? 'unknown',
    python: pythonVersion(),
    load: Math.round(loadavg()[0]! * 10) / 10,
  }
}

function pythonVersion(): string | null {
  try {
    return execFileSync('python3', ['--version'], { encoding: 'utf8' }).replace('Python', '').trim()
  } catch {
    return null
  }
}
