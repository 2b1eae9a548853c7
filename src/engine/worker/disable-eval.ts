/** WORKER THREAD. Disables everything that compiles text into JavaScript, as a second layer behind the import lock. */

const compilers = [
  Function,
  (async () => {}).constructor,
  function* () {}.constructor,
  async function* () {}.constructor,
] as const

export function disableEval(): void {
  const refuse = () => {
    throw new EvalError('code from text is not allowed here')
  }
  for (const compiler of compilers) {
    Object.defineProperty(compiler.prototype, 'constructor', {
      value: refuse,
      writable: false,
      configurable: false,
    })
  }
  Object.defineProperty(globalThis, 'Function', { value: refuse, writable: false, configurable: false })
  Object.defineProperty(globalThis, 'eval', { value: refuse, writable: false, configurable: false })
}
