/** Finds the end of an object. It follows only strings, escapes and depth and does not validate JSON. */

const QUOTE = 0x22
const BACKSLASH = 0x5c

const IN_STRING = table('"\\')
const OUTSIDE = table('"{}[]')

function table(chars: string): Uint8Array {
  const bytes = new Uint8Array(256)
  for (const char of chars) bytes[char.charCodeAt(0)] = 1
  return bytes
}

export class ObjectEnd {
  #depth = 0
  #isInString = false
  #isEscaped = false
  isFound = false

  /** Reads `chunk[from..to)`, which continues the last call. Returns the index after the object, or `to`. */
  read(chunk: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const byte = chunk[at]!
      if (this.#isEscaped) this.#isEscaped = false
      else if (this.#isInString) {
        if (IN_STRING[byte] === 1) this.#inString(byte)
      } else if (OUTSIDE[byte] === 1 && this.#outside(byte)) {
        this.isFound = true
        return at + 1
      }
    }
    return to
  }

  #inString(byte: number): void {
    if (byte === QUOTE) this.#isInString = false
    else if (byte === BACKSLASH) this.#isEscaped = true
  }

  /** Returns true when the bracket closes the object. */
  #outside(byte: number): boolean {
    if (byte === QUOTE) this.#isInString = true
    else if (byte === 0x5b || byte === 0x7b) this.#depth++
    else this.#depth--
    return this.#depth === 0 && !this.#isInString
  }
}
