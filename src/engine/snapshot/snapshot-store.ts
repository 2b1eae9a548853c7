/**
 * The prepared states an interpreter starts from: the trusted base, and over it a project's loaded bodies. Named by all
 * that went into them; what can't be had is made anew. Workers find them here, so that nothing waits for the main thread.
 */
import { createHash } from 'node:crypto'
import { fingerprint } from '../../core/fingerprint.ts'
import type { PythonFile } from '../protocol/interpreter-start.ts'
import type { BaseSnapshot, PackedSnapshot, ProjectSnapshot } from '../protocol/messages.ts'
import { AnalysisCache } from './analysis-cache.ts'
import type { SnapshotCache } from './snapshot-cache.ts'

/** To be raised when what a cached entry holds is laid out in another way, although the program's text is the same. */
const FORMAT_VERSION = { base: 2, project: 1, analysis: 1 } as const

/** What every name is made of. */
interface SnapshotIdentity {
  /** The program's own text decides what an entry holds, and how it is read. */
  readonly programVersion: string
  /** Fingerprint of what the interpreter is compiled from. */
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
    // Studies are made in the base, whose parts are all that has a part in them.
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

  /** @param request the text with which the bodies would be loaded. */
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

  /** An image fits only the very base it was made over, not another that was made of the same parts. */
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

/** Bytes of the length that stands before what is told of a heap. */
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
