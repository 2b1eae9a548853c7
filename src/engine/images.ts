/**
 * The prepared states an interpreter starts from: the trusted base, and over it a project's loaded bodies. Named by all
 * that went into them; what can't be had is made anew. Workers find them here, so that nothing waits for the main thread.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { BodyStudies } from './body-studies.ts'
import type { ImageCache } from './image-cache.ts'
import type { BaseImage, KeptImage, ProjectImage } from './protocol.ts'
import type { PythonFile } from './python-files.ts'

/** A base holds what these made of the interpreter: with other ones it is another. */
const MAKERS = [
  'pyodide',
  'import-seam',
  'cache-channel',
  'import-allowlist',
  'utc-clock',
  'host-random',
  'heap-image',
  'wasm-module',
  'used-exports',
]

export class Images {
  readonly #cache: ImageCache
  readonly #baseName: string

  constructor(cache: ImageCache, files: readonly PythonFile[]) {
    this.#cache = cache
    this.#baseName = `base-${hash(...baseParts(files))}`
  }

  base(): BaseImage | null {
    const packed = this.#cache.read(this.#baseName)
    if (!packed) return null
    const { told, heap } = unpack(packed)
    return { ...(told as Omit<BaseImage, 'heap'>), heap }
  }

  keptBase({ heap, ...told }: BaseImage): KeptImage {
    return { name: this.#baseName, parts: pack(told, heap) }
  }

  /** @param request the text with which the bodies would be loaded. */
  project(request: string, base: BaseImage): ProjectImage | null {
    const packed = this.#cache.read(this.#projectName(request, base))
    if (!packed) return null
    const { told, heap } = unpack(packed)
    return { ...(told as Omit<ProjectImage, 'heap'>), heap }
  }

  keptProject(request: string, base: BaseImage, { heap, ...described }: ProjectImage): KeptImage {
    return { name: this.#projectName(request, base), parts: pack(described, heap) }
  }

  studies(): BodyStudies {
    return new BodyStudies(this.#cache.read(this.#studiesName))
  }

  keptStudies(studies: Uint8Array): KeptImage {
    return { name: this.#studiesName, parts: [studies] }
  }

  /** Studies are made in the base, whose parts are all that has a part in them. */
  get #studiesName(): string {
    return this.#baseName.replace('base', 'studies')
  }

  /** An image fits only the very base it was made over, not another that was made of the same parts. */
  #projectName(request: string, base: BaseImage): string {
    return `project-${hash(this.#baseName, fingerprint(base.heap), request)}`
  }
}

/** GMAC under a key that everybody knows: no proof of anything, but ten times faster over megabytes than a hash. */
function fingerprint(bytes: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12))
  cipher.setAAD(bytes)
  cipher.final()
  return cipher.getAuthTag().toString('hex')
}

function baseParts(files: readonly PythonFile[]): string[] {
  const { version: pyodideVersion } = createRequire(import.meta.url)('pyodide/package.json') as {
    version: string
  }
  const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const makers = MAKERS.map((name) => readFileSync(new URL(`./${name}.${suffix}`, import.meta.url), 'utf8'))
  const texts = files.flatMap(({ path, text }) => [path, text])
  return [pyodideVersion, process.version, process.platform, process.arch, ...makers, ...texts]
}

/** Bytes of the length that stands before what is told of a heap. */
const LENGTH_BYTES = 8

function pack(told: unknown, heap: Uint8Array): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(told))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(text.length)
  return [length, text, heap]
}

function unpack(packed: Uint8Array): { told: unknown; heap: Uint8Array } {
  const toldBytes = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true)
  const heapAt = LENGTH_BYTES + toldBytes
  const told: unknown = JSON.parse(Buffer.from(packed.slice(LENGTH_BYTES, heapAt)).toString())
  return { told, heap: packed.subarray(heapAt) }
}

function hash(...parts: readonly string[]): string {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(`${Buffer.byteLength(part)}:`).update(part)
  return sum.digest('hex').slice(0, 40)
}
