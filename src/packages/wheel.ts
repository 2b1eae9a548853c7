/** Wheels: zip archives whose name says where they run. Only pure Python is accepted. */
import { UserError } from '../errors.ts'
import { PACKAGE_BOUNDS, PackageBudget } from './budget.ts'
import { readZip } from './zip.ts'

interface WheelName {
  /** The name as the file has it, not normalized. */
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
 * @param spend gets the size of each file before it is unpacked; throws where it is too much.
 * @returns path below the wheel's root -> bytes.
 */
export function unpackWheel(
  archive: Uint8Array,
  file: string,
  spend: (bytes: number) => void,
): ReadonlyMap<string, Uint8Array> {
  if (parseWheelName(file)?.isPure === false) {
    throw new UserError(`${file} requires a compiled extension, which cannot run in the sandbox`, {
      code: 'compiled-package',
      hint: 'use a pure-Python wheel, whose name ends in -none-any.whl',
    })
  }
  const files = new Map<string, Uint8Array>()
  for (const { name, bytes } of readZip(archive, file, spend)) {
    if (name.endsWith('/')) continue
    if (!isBelow(name)) throw invalidWheel(`${file} contains a path outside the wheel: ${name}`)
    const path = installedPath(name)
    if (files.has(path)) throw invalidWheel(`${file} contains two files for one path: ${path}`)
    files.set(path, bytes)
  }
  assertNoFileIsFolder(files, file)
  return files
}

function assertNoFileIsFolder(files: ReadonlyMap<string, Uint8Array>, file: string): void {
  for (const path of files.keys()) {
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end)
      if (files.has(folder))
        throw invalidWheel(`${file} contains ${folder} both as a file and as a directory`)
    }
  }
}

export interface Wheel {
  readonly files: ReadonlyMap<string, Uint8Array>
  /** The folder of its metadata: `<name>-<version>.dist-info`. */
  readonly info: string
  /** The texts of `Requires-Dist`. */
  readonly requires: readonly string[]
}

/** A whole wheel, with what it says about itself. */
export function readWheel(archive: Uint8Array, file: string): Wheel {
  const budget = new PackageBudget(PACKAGE_BOUNDS)
  const files = unpackWheel(archive, file, (bytes) => budget.spend(bytes, file))
  const metadata = [...files.keys()].find((path) => /^[^/]+\.dist-info\/METADATA$/.test(path))
  const info = metadata?.slice(0, -'/METADATA'.length)
  if (metadata === undefined || !files.has(`${info}/RECORD`)) {
    throw invalidWheel(`${file} is not a wheel: METADATA or RECORD is missing`)
  }
  const [headers] = Buffer.from(files.get(metadata)!)
    .toString('utf8')
    .split(/\r?\n\r?\n/, 1)
  const requires = [...headers!.matchAll(/^Requires-Dist:\s*(.*?)\r?$/gim)].map(([, text]) => text!)
  return { files, info: info!, requires }
}

function invalidWheel(message: string): UserError {
  return new UserError(message, { code: 'invalid-wheel' })
}

interface RecordLine {
  readonly path: string
  /** base64url of the sha256; null for RECORD itself. */
  readonly sha256: string | null
}

/** Parses the list of files of a wheel. */
export function parseRecord(text: string): RecordLine[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, quoted, plain, hash] = /^(?:"((?:[^"]|"")*)"|([^,]*)),(?:sha256=([\w-]*))?,/.exec(line) ?? []
    const path = quoted?.replaceAll('""', '"') ?? plain
    return path ? [{ path: installedPath(path), sha256: hash ?? null }] : []
  })
}

function isBelow(path: string): boolean {
  return !path.startsWith('/') && !/^[A-Za-z]:|\\|\0/.test(path) && !path.split('/').includes('..')
}

/** Files under `<name>.data/purelib/` are installed beside the other files. */
function installedPath(path: string): string {
  return path.replace(/^[^/]+\.data\/(?:purelib|platlib)\//, '')
}
