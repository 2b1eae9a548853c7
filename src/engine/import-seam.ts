/**
 * The seam between WebAssembly and the host: everything Python can reach passes through these imports.
 * Today it carries the mark and refuses the shell, native libraries and sockets.
 */

type HostImport = ((...args: unknown[]) => unknown) & object
type Imports = Record<string, Record<string, HostImport>>
interface Memory {
  readonly buffer: ArrayBuffer
}
interface Instantiated {
  readonly instance: { readonly exports: Record<string, unknown> }
}
/** Only what is used of it here; neither Node's types nor ours carry the whole. */
interface WebAssemblyHost {
  instantiate: (module: unknown, imports?: Imports) => Promise<Instantiated>
}

/** `time.clock_getres`, which nobody else calls: Python's way to say that the mark has moved. */
const MARK_IMPORT = 'clock_res_get'
const EPERM = -63
const REFUSED: readonly [RegExp, number][] = [
  [/^_emscripten_system$/, -1],
  [/^(_dlopen_js|_emscripten_dlopen_js)$/, 0],
  [/^__syscall_(socket|connect|bind|listen|accept4|sendto|sendmsg|recvfrom|recvmsg)$/, EPERM],
]

/** Runs `load` with the interpreter's imports edited; `onMark` is called at each mark. */
export async function withSeam<T>(
  onMark: () => void,
  load: () => Promise<T>,
): Promise<{ loaded: T; memory: Memory }> {
  const host = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly
  const { instantiate } = host
  let memory: Memory | undefined
  host.instantiate = async (module, imports) => {
    const env = imports?.env
    if (env?.[MARK_IMPORT] === undefined) return instantiate.call(host, module, imports)
    edit(env, onMark)
    const instantiated = await instantiate.call(host, module, imports)
    // Given a compiled module, instantiate answers the instance itself.
    const instance = instantiated.instance ?? instantiated
    memory = instance.exports.memory as Memory
    return instantiated
  }
  try {
    const loaded = await load()
    if (memory === undefined) throw new Error(`this Pyodide has no import named ${MARK_IMPORT}`)
    return { loaded, memory }
  } finally {
    host.instantiate = instantiate
  }
}

/** In place: the same object also serves as the table that Python's dlsym reads. */
function edit(env: Record<string, HostImport>, onMark: () => void): void {
  for (const [name, original] of Object.entries(env)) {
    const refusal = REFUSED.find(([pattern]) => pattern.test(name))
    if (refusal) replace(env, name, () => refusal[1])
    else if (name === MARK_IMPORT) {
      replace(env, name, (...args) => {
        onMark()
        return original(...args)
      })
    }
  }
}

/** Emscripten keeps the signature and more as properties of the function itself. */
function replace(env: Record<string, HostImport>, name: string, by: (...args: unknown[]) => unknown): void {
  env[name] = Object.assign(by, env[name])
}
