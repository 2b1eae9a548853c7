/**
 * The prepared states an interpreter starts from: the trusted base, and over it a project's loaded bodies. Keyed by
 * everything that went into them; whatever can't be had is made anew, at worst by starting Python from nothing.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { Log } from '../model/ports.ts'
import type { ImageCache } from './image-cache.ts'
import type { BootState, Loaded, ProjectImage } from './protocol.ts'
import { readPythonFiles } from './python-files.ts'
import { compileInterpreter, IMAGE_BYTES } from './wasm-module.ts'

export interface Images {
  /** What any worker boots from. Made or read anew at each asking, so that nothing keeps it in memory. */
  boot(): Promise<BootState>
  /** @param request the text with which the bodies would be loaded. */
  find(request: string, baseId: string | null): Promise<ProjectImage | null>
  keep(request: string, baseId: string | null, image: ProjectImage): Promise<void>
}

const moduleFile = (name: string) =>
  new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
const BASE_ENTRY = moduleFile('base-worker')
/** A base holds what these made of the interpreter: with other ones it is another. */
const MAKERS = ['pyodide', 'import-seam', 'import-allowlist', 'utc-clock']

export function createImages(cache: ImageCache, memoryBytes: number, log: Log): Images {
  const baseName = `base-${hash(...baseParts())}`
  const projectName = (request: string, baseId: string) => `project-${hash(baseName, baseId, request)}`
  /** Both are wanted by every worker that starts. */
  let module: Promise<object> | undefined
  let made: Promise<Uint8Array | null> | undefined

  const base = async () => {
    const cached = await cache.read(baseName)
    if (cached) return cached
    made ??= makeAndKeepBase()
    return made
  }
  const makeAndKeepBase = async () => {
    const image = await makeBase(log)
    if (image) await cache.write(baseName, image)
    return image
  }

  return {
    async boot() {
      module ??= compileInterpreter(memoryBytes)
      const [compiled, restored] = await Promise.all([module, base()])
      return { module: compiled, base: restored, baseId: restored && fingerprint(restored) }
    },
    async find(request, baseId) {
      if (baseId === null) return null
      const sealed = await cache.read(projectName(request, baseId))
      return sealed ? unpack(sealed) : null
    },
    async keep(request, baseId, image) {
      if (baseId === null || image.heap.length > IMAGE_BYTES) return
      await cache.write(projectName(request, baseId), pack(image))
    },
  }
}

/** GMAC under a key that everybody knows: no proof of anything, but ten times faster over 31 MB than a hash. */
function fingerprint(bytes: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12))
  cipher.setAAD(bytes)
  cipher.final()
  return cipher.getAuthTag().toString('hex')
}

function baseParts(): string[] {
  const { version: pyodideVersion } = createRequire(import.meta.url)('pyodide/package.json') as {
    version: string
  }
  const files = readPythonFiles().flatMap(({ path, text }) => [path, text])
  const makers = MAKERS.map((name) => readFileSync(moduleFile(name), 'utf8'))
  return [pyodideVersion, process.version, process.platform, process.arch, ...makers, ...files]
}

/** In a worker of its own: what it leaves behind in its realm goes with it. */
function makeBase(log: Log): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    const worker = new Worker(BASE_ENTRY, {
      env: {},
      resourceLimits: { stackSizeMb: 64 },
      stdout: true,
      stderr: true,
    })
    const give = (base: Uint8Array | null) => {
      resolve(base)
      void worker.terminate()
    }
    worker.on('message', (base: Uint8Array) => give(base))
    worker.on('error', (error) => {
      log.warn(
        { error: String(error) },
        'no base image could be made: Python starts from nothing, which takes longer',
      )
      give(null)
    })
    worker.on('exit', () => give(null))
  })
}

/** Bytes of the length that stands before what loading told. */
const LENGTH_BYTES = 8

function pack({ heap, ...loaded }: ProjectImage): Uint8Array {
  const told = Buffer.from(JSON.stringify(loaded satisfies Loaded))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(told.length)
  return Buffer.concat([length, told, heap])
}

function unpack(packed: Uint8Array): ProjectImage {
  const toldBytes = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true)
  const heapAt = LENGTH_BYTES + toldBytes
  const told = Buffer.from(packed.slice(LENGTH_BYTES, heapAt)).toString()
  return { heap: packed.subarray(heapAt), ...(JSON.parse(told) as Loaded) }
}

function hash(...parts: readonly string[]): string {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(`${Buffer.byteLength(part)}:`).update(part)
  return sum.digest('hex').slice(0, 40)
}
