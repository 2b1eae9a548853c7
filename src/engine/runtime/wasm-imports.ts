/**
 * The seam between WebAssembly and the host: everything Python can reach passes through these imports.
 * It carries the mark, refuses the shell and sockets, and can be locked: then all but the allowlist throws.
 */
import { Bug } from '../../errors.ts'
import { importRule } from './import-allowlist.ts'
import { type CacheRequester, cacheChannel } from './imports/cache-channel.ts'
import type { Deadline } from './imports/deadline.ts'
import { fileImports, type OpenFiles } from './imports/file-imports.ts'
import { fileTimes } from './imports/file-times.ts'
import type { HostImport, Memory } from './imports/host-import.ts'
import { hostRandom } from './imports/host-random.ts'
import { clockImports, InterpreterClock } from './imports/interpreter-clock.ts'
import { LoadNotices } from './imports/load-notices.ts'
import { utcClock } from './imports/utc-clock.ts'

type Imports = Record<string, Record<string, HostImport>>
interface Instance {
  readonly exports: Record<string, unknown>
}
/** Only what is used of it here; neither Node's types nor ours carry the whole. */
interface Instantiated {
  readonly instance: Instance
  readonly module: object
}
interface WebAssemblyHost {
  /** Given bytes, both; given a compiled module, the instance alone. */
  instantiate(source: unknown, imports?: Imports): Promise<Instantiated | Instance>
}

/** `time.clock_getres`, which nobody else calls: Python's way to say that the mark has moved. */
const MARK_IMPORT = 'clock_res_get'
/** Whether a signal has come, which the interpreter asks while it runs. */
const POLL_IMPORT = '_Py_CheckEmscriptenSignals_Helper'

export interface PatchedImports {
  readonly memory: Memory
  readonly clock: InterpreterClock
  readonly notices: LoadNotices
  /** Drops an answer of the cache that was not read. */
  discardCacheResponse(): void
  /** For good. @param files the interpreter's table of descriptors. */
  lock(files: OpenFiles): void
}

interface PatchOptions {
  /** Told of marks and polls; without it nothing is marked or interrupted. */
  readonly deadline?: Pick<Deadline, 'onMarker' | 'onPoll'>
  /** Who answers the caching helpers. */
  readonly cacheRequester?: CacheRequester
  /** The compiled interpreter to use instead of the one that the loader compiles. */
  readonly module?: object
}

/** Runs `load` with the interpreter's imports edited. */
export async function withPatchedImports<T>(
  options: PatchOptions,
  load: () => Promise<T>,
): Promise<{ loaded: T; imports: PatchedImports }> {
  const host = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly
  const original = Reflect.get(host, 'instantiate') as WebAssemblyHost['instantiate']
  const lock: Lock = { closed: false }
  const clock = new InterpreterClock()
  const notices = new LoadNotices()
  const onStartRead = () => notices.startRead()
  let patched: PatchedImports | undefined
  host.instantiate = async (source, imports) => {
    const env = imports?.env
    if (env?.[MARK_IMPORT] === undefined) return original.call(host, source, imports)
    const memory = () => patched!.memory
    const files = fileImports(env, memory)
    const guarded = { ...env, ...files.imports }
    const cache = options.cacheRequester && cacheChannel(guarded, memory, options.cacheRequester)
    const replacements = {
      ...files.imports,
      ...utcClock(env, memory),
      ...hostRandom(memory, onStartRead),
      ...clockImports(env, memory, clock, onStartRead),
      ...fileTimes(guarded, memory),
      ...cache?.imports,
    }
    patchImports(env, { ...specialImports(env, options.deadline), ...replacements }, lock)
    const instantiated = await original.call(host, options.module ?? source, imports)
    const { instance, module } =
      'instance' in instantiated
        ? (instantiated as Instantiated)
        : { instance: instantiated, module: options.module }
    const close = (open: OpenFiles) => {
      lock.closed = true
      files.lock(open)
    }
    const discardCacheResponse = () => cache?.discardResponse()
    patched = {
      memory: instance.exports.memory as Memory,
      clock,
      notices,
      discardCacheResponse,
      lock: close,
    }
    return { instance, module } as Instantiated
  }
  try {
    const loaded = await load()
    if (patched === undefined) throw new Bug(`this Pyodide has no import named ${MARK_IMPORT}`)
    return { loaded, imports: patched }
  } finally {
    host.instantiate = original
  }
}

interface Lock {
  closed: boolean
}

/** What some imports become, whatever the allowlist says of them. */
function specialImports(
  env: Record<string, HostImport>,
  deadline: PatchOptions['deadline'],
): Record<string, HostImport> {
  const mark = env[MARK_IMPORT]!
  return {
    [MARK_IMPORT]: (...args) => {
      deadline?.onMarker()
      return mark(...args)
    },
    [POLL_IMPORT]: () => deadline?.onPoll() ?? 0,
  }
}

/**
 * In place: the same object also serves as the table that Python's dlsym reads. Imports that are one function stay one:
 * the interpreter's function table, and with it every image, counts them so.
 */
function patchImports(
  env: Record<string, HostImport>,
  replacements: Record<string, HostImport>,
  lock: Lock,
): void {
  const edited = new Map<HostImport, HostImport>()
  for (const [name, original] of Object.entries(env)) {
    if (typeof original !== 'function') continue
    const special = replacements[name] && copyOf(original, replacements[name])
    const replacement = edited.get(original) ?? special ?? lockedImports(name, original, lock)
    edited.set(original, replacement)
    env[name] = replacement
  }
}

function lockedImports(name: string, original: HostImport, lock: Lock): HostImport {
  const rule = importRule(name)
  switch (rule.rule) {
    case 'allow':
      return original
    case 'refuse':
      return copyOf(original, () => rule.answer)
    case 'lock':
      return copyOf(original, (...args) => {
        if (lock.closed) throw new ImportLocked(name)
        return original(...args)
      })
  }
}

/** Python asked for something of the host that the lock does not allow: it ends the interpreter. */
class ImportLocked extends Error {
  override name = 'ImportLocked'
  constructor(name: string) {
    super(`the import lock refused ${name}`)
  }
}

/** Emscripten keeps the signature and more as properties of the function itself. */
function copyOf(original: HostImport, replacement: (...args: unknown[]) => unknown): HostImport {
  return Object.assign(replacement, original)
}
