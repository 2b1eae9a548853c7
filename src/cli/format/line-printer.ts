/** Writes lines to a stream one after the other. A line counts as written when the stream has flushed it. */

/** Rejects if the stream fails or the signal aborts. A line that is still queued is then never written. */
type PrintLine = (line: string, signal?: AbortSignal) => Promise<void>

export function createLinePrinter(stream: NodeJS.WritableStream): PrintLine {
  let last: Promise<unknown> = Promise.resolve()
  return (line, signal) => {
    const written = last.then(() => {
      signal?.throwIfAborted()
      return write(stream, `${line}\n`)
    })
    // The next line may be written even if this one failed.
    last = written.catch(() => {})
    return signal === undefined ? written : Promise.race([written, aborted(signal)])
  }
}

function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
