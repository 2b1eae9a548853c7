/**
 * WORKER THREAD. The snapshots that an interpreter starts from: the trusted base, and a project's loaded bodies as a
 * difference from it. Each name is a hash of everything that went into the snapshot; see
 * docs/decisions/0015-caches-are-named-by-content.md. Workers read them here, so that none waits for the main thread.
 */
import { createHash } from 'node:crypto'
import { fingerprint } from '../../core/fingerprint.ts'
import type { PythonFile } from '../protocol/interpreter-start.ts'
import type { BaseSnapshot, PackedSnapshot, ProjectSnapshot } from '../protocol/messages.ts'
import { AnalysisCache } from './analysis-cache.ts'
import type { SnapshotCache } from './snapshot-cache.ts'

/** Raise a number when the layout of its entries changes although the program's text does not. */
const FORMAT_VERSION = { base: 2, project: 1, analysis: 2 } as const

/** The parts of every name. */
interface SnapshotIdentity {
  /** The version of the program's text, which decides what an entry holds and how it is read. */
  readonly programVersion: string
  /** The fingerprint of the bytes that the interpreter is compiled from. */
  readonly interpreter: string
  readonly files: readonly PythonFile[]
}

export class SnapshotStore {
  readonly #cache: SnapshotCache
  readonly #baseName: string
  readonly #analysisName: string

  constructor(cache: SnapshotCache, { programVersion, interpreter, files }: SnapshotIdentity) {
    this.#cache = cache
    const texts = files.flatMap(({ path, text }) => [path, text])
    const parts = [programVersion, interpreter, ...platformParts(), ...texts]
    this.#baseName = nameOf('base', parts)
    // The analysis runs in the base, so it depends on the same parts.
    this.#analysisName = nameOf('analysis', parts)
  }

  loadBase(): BaseSnapshot | null {
    const packed = this.#cache.read(this.#baseName)
    if (!packed) return null
    const { metadata, heap } = unpack(packed)
    return { ...(metadata as Omit<BaseSnapshot, 'heap'>), heap }
  }

  packBase({ heap, ...metadata }: BaseSnapshot): PackedSnapshot {
    return { name: this.#baseName, parts: pack(metadata, heap) }
  }

  /** @param request the load request of the project. */
  loadProject(request: string, base: BaseSnapshot): ProjectSnapshot | null {
    const packed = this.#cache.read(this.#projectName(request, base))
    if (!packed) return null
    const { metadata, heap } = unpack(packed)
    return { ...(metadata as Omit<ProjectSnapshot, 'heap'>), heap }
  }

  packProject(request: string, base: BaseSnapshot, { heap, ...metadata }: ProjectSnapshot): PackedSnapshot {
    return { name: this.#projectName(request, base), parts: pack(metadata, heap) }
  }

  loadAnalyses(): AnalysisCache {
    return new AnalysisCache(this.#cache.read(this.#analysisName))
  }

  packAnalyses(analyses: Uint8Array): PackedSnapshot {
    return { name: this.#analysisName, parts: [analyses] }
  }

  /** A project snapshot fits only the base from which it was taken, not another one made of the same parts. */
  #projectName(request: string, base: BaseSnapshot): string {
    return nameOf('project', [this.#baseName, fingerprint(base.heap), request])
  }
}

function platformParts(): string[] {
  return [process.version, process.platform, process.arch]
}

function nameOf(kind: keyof typeof FORMAT_VERSION, parts: readonly string[]): string {
  return `${kind}-${hash(String(FORMAT_VERSION[kind]), ...parts)}`
}

/** The size of the length field before the metadata. */
const LENGTH_BYTES = 8

function pack(metadata: unknown, heap: Uint8Array): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(metadata))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(text.length)
  return [length, text, heap]
}

function unpack(packed: Uint8Array): { metadata: unknown; heap: Uint8Array } {
  const metadataBytes = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true)
  const heapAt = LENGTH_BYTES + metadataBytes
  const metadata: unknown = JSON.parse(Buffer.from(packed.slice(LENGTH_BYTES, heapAt)).toString())
  return { metadata, heap: packed.subarray(heapAt) }
}

function hash(...parts: readonly string[]): string {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(`${Buffer.byteLength(part)}:`).update(part)
  return sum.digest('hex').slice(0, 40)
}
