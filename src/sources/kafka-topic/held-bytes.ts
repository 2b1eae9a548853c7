/** Limits the bytes that all partitions of a source hold together. Who waits is served in turn. */

export class HeldBytes {
  readonly #maxBytes: number
  #bytes = 0
  readonly #waiting: { readonly bytes: number; readonly resolve: () => void }[] = []

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Waits until so many bytes are free, or nothing is held: what is larger than the limit is held alone. */
  async take(bytes: number): Promise<void> {
    if (!this.isFree(bytes)) {
      await new Promise<void>((resolve) => this.#waiting.push({ bytes, resolve }))
      return
    }
    this.#bytes += bytes
  }

  /** Corrects what is held without waiting. */
  change(bytes: number): void {
    this.#bytes += bytes
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!.bytes)) {
      const next = this.#waiting.shift()!
      this.#bytes += next.bytes
      next.resolve()
    }
  }

  isFree(bytes: number): boolean {
    return this.#waiting.length === 0 && this.#fits(bytes)
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes
  }
}
