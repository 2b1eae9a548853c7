/** Requirements of packages: a name, extras, versions, and environment markers (PEP 508). */
import { satisfies, valid } from '@renovatebot/pep440'
import { UserError } from '../errors.ts'
import { PYTHON_VERSION } from './wheel.ts'

export interface Requirement {
  /** Normalised. */
  readonly name: string
  readonly extras: readonly string[]
  /** `>=1,!=1.5`, or empty: any version. */
  readonly versions: string
  /** null: always. */
  readonly marker: string | null
}

const FORM =
  /^\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*\(?([^;@)]*)\)?\s*(?:;\s*(.*))?$/s
const VERSIONS = /^(?:\s*(?:===?|[<>]=?|!=|~=)\s*[\w.*+!-]+\s*(?:,|$))*$/

/** `python-dateutil`, `Python.Dateutil` and `python_dateutil` are one. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

export function parseRequirement(text: string): Requirement {
  const [, name, extras = '', versions = '', marker] = FORM.exec(text) ?? []
  if (name === undefined || !VERSIONS.test(versions)) {
    throw new UserError(`invalid requirement "${text.trim()}"`, {
      code: 'invalid-requirement',
      hint: 'write NAME, NAME==VERSION, or NAME>=VERSION; URLs are not supported',
    })
  }
  return {
    name: normalName(name),
    extras: extras.split(',').flatMap((extra) => (extra.trim() ? [normalName(extra.trim())] : [])),
    versions: versions.replaceAll(/\s/g, ''),
    marker: marker?.trim() || null,
  }
}

/** Whether the requirement applies here, for a package with these extras. */
export function applies({ marker }: Requirement, extras: readonly string[]): boolean {
  if (marker === null) return true
  // Conditions on extras fail for the empty extra.
  return ['', ...extras].some((extra) => new Marker(marker, { ...ENVIRONMENT, extra }).holds())
}

const ENVIRONMENT: Readonly<Record<string, string>> = {
  python_version: PYTHON_VERSION,
  python_full_version: `${PYTHON_VERSION}.0`,
  implementation_version: `${PYTHON_VERSION}.0`,
  implementation_name: 'cpython',
  platform_python_implementation: 'CPython',
  os_name: 'posix',
  sys_platform: 'emscripten',
  platform_system: 'Emscripten',
  platform_machine: 'wasm32',
  platform_release: '',
  platform_version: '',
}

const TOKEN = /\s*(?:(\(|\))|'([^']*)'|"([^"]*)"|(<=|>=|===?|!=|~=|<|>|not\s+in\b|in\b)|([A-Za-z_.]+))/y

/** `python_version < "3.8" and (os_name == "nt" or extra == "x")` */
class Marker {
  readonly #text: string
  readonly #environment: Readonly<Record<string, string>>
  #at = 0

  constructor(text: string, environment: Readonly<Record<string, string>>) {
    this.#text = text
    this.#environment = environment
  }

  holds(): boolean {
    const holds = this.#either()
    if (this.#text.slice(this.#at).trim() !== '') this.#refuse()
    return holds
  }

  #either(): boolean {
    let holds = this.#both()
    while (this.#takes('or')) holds = this.#both() || holds
    return holds
  }

  #both(): boolean {
    let holds = this.#single()
    while (this.#takes('and')) holds = this.#single() && holds
    return holds
  }

  #single(): boolean {
    if (this.#takes('(')) {
      const holds = this.#either()
      if (!this.#takes(')')) this.#refuse()
      return holds
    }
    const left = this.#value()
    const operator = this.#next()?.[4]?.replace(/\s+/, ' ')
    if (operator === undefined) return this.#refuse()
    return compare(left, operator, this.#value())
  }

  #value(): string {
    const token = this.#next()
    const text = token?.[2] ?? token?.[3]
    if (text !== undefined) return text
    const name = token?.[5]
    return name !== undefined && Object.hasOwn(this.#environment, name)
      ? this.#environment[name]!
      : this.#refuse()
  }

  #takes(word: string): boolean {
    const before = this.#at
    const token = this.#next()
    if ((token?.[1] ?? token?.[5]) === word) return true
    this.#at = before
    return false
  }

  #next(): RegExpExecArray | null {
    TOKEN.lastIndex = this.#at
    const token = TOKEN.exec(this.#text)
    if (token) this.#at = TOKEN.lastIndex
    return token
  }

  #refuse(): never {
    throw new UserError(`invalid environment marker "${this.#text}" of a package`, {
      code: 'invalid-requirement',
    })
  }
}

/** Compares two versions as versions, and other values as texts. */
function compare(left: string, operator: string, right: string): boolean {
  if (operator === 'in') return right.includes(left)
  if (operator === 'not in') return !right.includes(left)
  if (valid(left) && valid(right.replace(/\.\*$/, '')))
    return satisfies(left, `${operator}${right}`, { prereleases: true })
  if (operator === '==' || operator === '===') return left === right
  if (operator === '!=') return left !== right
  return operator.startsWith('<') ? left < right : left > right
}
