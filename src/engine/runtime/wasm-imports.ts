/**
 * WORKER THREAD. Replaces the imports of the interpreter, which are all that Python can reach of the host.
 *
 * Emscripten builds the object `env` of all imports, passes it to `WebAssembly.instantiate` and does not expose it
 * otherwise. So that function is exchanged while an interpreter loads, and `env` is edited in place before the interpreter
 * is linked. A copy would not do: the same object is the table in which Emscripten's `dlsym` looks up names, so an import
 * that stayed in it unchanged could be called around the lock.
 *
 * Imports that are one function under several names must stay one function. Emscripten enters functions into the
 * interpreter's function table by identity, and every snapshot holds pointers that are indexes into that table; with a
 * different number of functions a restored interpreter would call the wrong ones. For the same reason a replacement keeps
 * the properties of the original, such as its signature.
 *
 * After `lock`, an import that import-allowlist.ts does not allow throws a JavaScript error, which unwinds through Python
 * and ends the interpreter, so project code cannot catch it; see docs/decisions/0005-snapshots-under-a-lock.md.
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
/** The part of the result that is used here, since the types of Node do not describe WebAssembly. */
interface Instantiated {
  readonly instance: Instance
  readonly module: object
}
interface WebAssemblyHost {
  /** Resolves to instance and module if the source is bytes, and to the instance if it is a compiled module. */
  instantiate(source: unknown, imports?: Imports): Promise<Instantiated | Instance>
}

/** The import behind `time.clock_getres`. Only the driver calls it, to report that its progress cells have changed. */
const MARKER_IMPORT = 'clock_res_get'
/** The import with which the interpreter polls for signals while it runs. */
const POLL_IMPORT = '_Py_CheckEmscriptenSignals_Helper'

export interface PatchedImports {
  readonly memory: Memory
  readonly clock: InterpreterClock
  readonly notices: LoadNotices
  /** Drops a response of the cache that was not read. */
  discardCacheResponse(): void
  /** Locks the imports for good. @param files the interpreter's table of descriptors. */
  lock(files: OpenFiles): void
}

interface PatchOptions {
  /** Receives the reports and polls. Without it nothing is recorded or interrupted. */
  readonly deadline?: Pick<Deadline, 'onMarker' | 'onPoll'>
  /** Sends the requests of the caching helpers. */
  readonly cacheRequester?: CacheRequester
  /** The compiled interpreter to use instead of the one that the loader compiles. */
  readonly module?: object
}

/** Runs `load`, which must link one interpreter, with the replaced imports. */
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
    if (env?.[MARKER_IMPORT] === undefined) return original.call(host, source, imports)
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
    if (patched === undefined) throw new Bug(`this Pyodide has no import named ${MARKER_IMPORT}`)
    return { loaded, imports: patched }
  } finally {
    host.instantiate = original
  }
}

interface Lock {
  closed: boolean
}

/** The imports that have a replacement regardless of the allowlist. */
function specialImports(
  env: Record<string, HostImport>,
  deadline: PatchOptions['deadline'],
): Record<string, HostImport> {
  const getResolution = env[MARKER_IMPORT]!
  return {
    [MARKER_IMPORT]: (...args) => {
      deadline?.onMarker()
      return getResolution(...args)
    },
    [POLL_IMPORT]: () => deadline?.onPoll() ?? 0,
  }
}

/** Edits `env` in place, and replaces a function that has several names by one function. */
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

/** Python called an import that the lock does not allow. The error ends the interpreter. */
class ImportLocked extends Error {
  override name = 'ImportLocked'
  constructor(name: string) {
    super(`the import lock refused ${name}`)
  }
}

/** Gives the replacement the properties of the original, where Emscripten keeps its signature. */
function copyOf(original: HostImport, replacement: (...args: unknown[]) => unknown): HostImport {
  return Object.assign(replacement, original)
}
