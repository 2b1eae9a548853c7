/** Reads a stream of chunks by counts of bytes. */

export class ByteInput {
  readonly #chunks: AsyncIterator<Buffer>
  /** The bytes that arrived and were not skipped. */
  bytes: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Waits for this number of bytes; returns false when the input ends before. */
  async fill(count: number): Promise<boolean> {
    while (this.bytes.length < count) {
      const next = await this.#chunks.next()
      if (next.done) return false
      this.bytes = this.bytes.length === 0 ? next.value : Buffer.concat([this.bytes, next.value])
    }
    return true
  }

  skip(count: number): void {
    this.bytes = this.bytes.subarray(count)
  }

  /** Skips bytes that may not have arrived yet; returns false when the input ends before. */
  async discard(count: number): Promise<boolean> {
    if (!(await this.fill(count))) return false
    this.skip(count)
    return true
  }

  /** Yields all remaining bytes. */
  async *rest(): AsyncGenerator<Buffer> {
    try {
      while (await this.fill(1)) {
        const { bytes } = this
        this.bytes = Buffer.alloc(0)
        yield bytes
      }
    } finally {
      await this.close()
    }
  }

  /** Releases the stream, also before its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}
