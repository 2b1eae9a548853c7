/** The limits of the packages of a project. */
import { UserError } from '../errors.ts'

export interface PackageBounds {
  readonly bytes: number
  readonly files: number
}

/** More than this is a whole disk rather than the packages of some detections. */
export const PACKAGE_BOUNDS: PackageBounds = { bytes: 256 * 1024 * 1024, files: 20_000 }

export class PackageBudget {
  readonly #bounds: PackageBounds
  #files = 0
  #bytes = 0

  constructor(bounds: PackageBounds) {
    this.#bounds = bounds
  }

  get bytesLeft(): number {
    return this.#bounds.bytes - this.#bytes
  }

  /** Counts one file. */
  spend(bytes: number, path: string): void {
    this.#files++
    this.#bytes += bytes
    if (this.#files > this.#bounds.files || this.#bytes > this.#bounds.bytes) this.exceeded(path)
  }

  exceeded(path: string): never {
    const { bytes, files } = this.#bounds
    throw new UserError(
      `the Python packages exceed ${files} files or ${bytes / 1024 / 1024} MiB at ${path}`,
      {
        code: 'package-limit',
        hint: 'name only the packages that detections import',
      },
    )
  }
}
