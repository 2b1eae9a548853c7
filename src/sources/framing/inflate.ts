/** Decompresses one raw deflate stream and keeps all data before corruption. */
import { createInflateRaw, type InflateRaw } from 'node:zlib'

const OUTPUT_BYTES = 128 * 1024

interface InflateResult {
  /** The chunks belong to the receiver, which may remove them. */
  readonly output: Buffer[]
  /** The number of input bytes that belong to the stream. */
  readonly consumed: number
  readonly status: 'open' | 'ended' | 'damaged'
}

/**
 * zlib drops the output of the call that fails. Therefore a second decoder tries each step first: input that it rejects
 * goes to the other decoder byte by byte.
 */
export class Inflater {
  readonly #decoder = new Decoder()
  readonly #trial = new Decoder({ keepsOutput: false })

  async write(bytes: Buffer): Promise<InflateResult> {
    const trial = await this.#trial.write(bytes)
    if (trial.status !== 'damaged') return this.#decoder.write(bytes)
    const output: Buffer[] = []
    for (let at = 0; at < bytes.length; at++) {
      const step = await this.#decoder.write(bytes.subarray(at, at + 1))
      output.push(...step.output)
      if (step.status !== 'open') return { ...step, output, consumed: at + step.consumed }
    }
    return { output, consumed: bytes.length, status: 'damaged' }
  }

  close(): void {
    this.#decoder.close()
    this.#trial.close()
  }
}

class Decoder {
  readonly #stream: InflateRaw = createInflateRaw({ chunkSize: OUTPUT_BYTES })
  #output: Buffer[] = []

  constructor({ keepsOutput = true } = {}) {
    this.#stream.on('data', (data: Buffer) => {
      if (keepsOutput) this.#output.push(data)
    })
    // An error that comes between two writes is reported by the next one.
    this.#stream.on('error', () => {})
  }

  /** A write ends in one of four ways, because zlib calls back only when the stream continues after it. */
  write(bytes: Buffer): Promise<InflateResult> {
    const stream = this.#stream
    const before = stream.bytesWritten
    return new Promise((resolve) => {
      const settle = (status: InflateResult['status']) => {
        stream.off('end', onEnd).off('error', onError).off('close', onError)
        resolve({ output: this.#output.splice(0), consumed: stream.bytesWritten - before, status })
      }
      const onEnd = () => settle('ended')
      const onError = () => settle('damaged')
      stream.on('end', onEnd).on('error', onError).on('close', onError)
      if (stream.readableEnded) onEnd()
      else if (stream.destroyed) onError()
      else stream.write(bytes, (error) => (error ? onError() : settle('open')))
    })
  }

  close(): void {
    this.#stream.destroy()
  }
}
