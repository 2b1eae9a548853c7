/** Versions: 32 base-62 characters of the hash of spec, body and every helper they import, transitively. */
import { createHash } from 'node:crypto'
import type { Helper, PythonSource } from '../../model/project/detection.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const LENGTH = 32
/** Good enough to follow helpers: a false hit in a string only widens the hash. */
const IMPORT = /^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([^\n#;]+))/gm

/** Versions over one set of helpers; closures are worked out once per helper. */
export class Versions {
  readonly #helpers: ReadonlyMap<string, Helper>
  readonly #imports = new Map<string, readonly string[]>()
  readonly #digests = new Map<string, string>()

  constructor(helpers: readonly Helper[]) {
    this.#helpers = new Map(helpers.map((helper) => [helper.id, helper]))
  }

  of(specs: readonly string[], body: PythonSource | null): string {
    const hash = createHash('sha256')
    for (const text of [...specs, body?.source ?? '']) hash.update(digest(text))
    for (const id of this.#closure(body)) hash.update(`${id}\0${this.#digestOf(id)}`)
    return base62(hash.digest())
  }

  #closure(body: PythonSource | null): string[] {
    const seen = new Set<string>()
    const open = body ? this.#known(importedNames(body.source)) : []
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue
      seen.add(id)
      open.push(...this.#importsOf(id))
    }
    return [...seen].sort()
  }

  #importsOf(id: string): readonly string[] {
    let imports = this.#imports.get(id)
    if (!imports) {
      imports = this.#known(importedNames(this.#helpers.get(id)!.body.source))
      this.#imports.set(id, imports)
    }
    return imports
  }

  #known(names: readonly string[]): string[] {
    return names.flatMap((name) => {
      const id = this.#helpers.has(name) ? name : name.split('.', 1)[0]!
      return this.#helpers.has(id) ? [id] : []
    })
  }

  #digestOf(id: string): string {
    let value = this.#digests.get(id)
    if (value === undefined) {
      value = digest(this.#helpers.get(id)!.body.source)
      this.#digests.set(id, value)
    }
    return value
  }
}

export function importedNames(source: string): string[] {
  const names: string[] = []
  for (const [, from, list] of source.matchAll(IMPORT)) {
    if (from) names.push(from)
    else names.push(...list!.split(',').map((part) => part.trim().split(/\s/, 1)[0]!))
  }
  return names
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function base62(hash: Buffer): string {
  let number = BigInt(`0x${hash.toString('hex')}`)
  let text = ''
  while (text.length < LENGTH) {
    text += ALPHABET[Number(number % 62n)]
    number /= 62n
  }
  return text
}
