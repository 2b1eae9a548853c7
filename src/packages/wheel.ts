/** Wheels: zip archives with a name that says what they fit. Only pure Python is taken. */
import { unzipSync } from 'fflate'
import { isError, messageOf, UserError } from '../errors.ts'

export interface WheelName {
  /** As written. */
  readonly distribution: string
  readonly version: string
  /** Runs on this Python without anything compiled. */
  readonly isPure: boolean
}

/** The interpreter that runs bodies; a test holds it to the truth. */
export const PYTHON_VERSION = '3.14'
const MINOR = Number(PYTHON_VERSION.split('.')[1])

/** null: not the name of a wheel. `name-version(-build)?-python-abi-platform.whl` */
export function parseWheelName(file: string): WheelName | null {
  const parts = file.replace(/\.whl$/, '').split('-')
  if (!file.endsWith('.whl') || parts.length < 5 || parts.length > 6) return null
  const [python, abi, platform] = parts.slice(-3) as [string, string, string]
  const isPure = abi === 'none' && platform === 'any' && python.split('.').some(fitsPython)
  return { distribution: parts[0]!, version: parts[1]!, isPure }
}

/** `py3`, or `py37` up to our own. */
function fitsPython(tag: string): boolean {
  const [, minor] = /^py3(\d*)$/.exec(tag) ?? []
  return minor !== undefined && (minor === '' || Number(minor) <= MINOR)
}

/**
 * @param spend told the size of each file before it is unpacked; throws where it is too much.
 * @returns path below the wheel's root -> bytes.
 */
export function unpackWheel(
  archive: Uint8Array,
  file: string,
  spend: (bytes: number) => void,
): ReadonlyMap<string, Uint8Array> {
  if (parseWheelName(file)?.isPure === false) {
    throw new UserError(`${file} needs a compiled extension, which can't run here`, {
      hint: 'only wheels of pure Python are taken: their names end in -none-any.whl',
    })
  }
  const unzipped = unzip(archive, file, spend)
  const files = new Map<string, Uint8Array>()
  for (const [path, bytes] of Object.entries(unzipped)) {
    if (path.endsWith('/')) continue
    if (!isBelow(path)) throw new UserError(`${file} holds a file that would lie outside of it: ${path}`)
    files.set(placeOf(path), bytes)
  }
  return files
}

function unzip(
  archive: Uint8Array,
  file: string,
  spend: (bytes: number) => void,
): Record<string, Uint8Array> {
  try {
    return unzipSync(archive, {
      filter: ({ originalSize }) => {
        spend(originalSize)
        return true
      },
    })
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    throw new UserError(`${file} is no wheel that can be unpacked: ${messageOf(cause)}`, { cause })
  }
}

function isBelow(path: string): boolean {
  return !path.startsWith('/') && !/^[A-Za-z]:|\\|\0/.test(path) && !path.split('/').includes('..')
}

/** What a wheel keeps under `<name>.data/purelib/` belongs beside the rest. */
function placeOf(path: string): string {
  return path.replace(/^[^/]+\.data\/(?:purelib|platlib)\//, '')
}
