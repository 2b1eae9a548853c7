/** Asks the canary in the interpreter whether a body has changed what all bodies share; see canary.py. */
import { PythonRaised } from './c-api.ts'

/** The worker is of no more use. */
export class Tampering extends Error {
  override name = 'Tampering'
  /** null: one of those that ran since it was asked last. */
  readonly culprit: Culprit | null

  /** @param what was changed, for people. */
  constructor(what: string, culprit: Culprit | null) {
    super(what)
    this.culprit = culprit
  }
}

export interface Culprit {
  readonly body: number
  readonly item: number
}

const LONGEST_TOLD = 300

interface Watched {
  readonly changed: (bodies: readonly number[]) => string
}

/** @param bodies that were asked since. */
export function refuseTampering(
  python: Watched,
  bodies: readonly number[],
  culprit: Culprit | null = null,
): void {
  const what = changedIn(python, bodies)
  if (what !== '') throw new Tampering(what.slice(0, LONGEST_TOLD), culprit)
}

function changedIn(python: Watched, bodies: readonly number[]): string {
  try {
    return python.changed(bodies)
  } catch (error) {
    if (error instanceof PythonRaised) return 'the canary itself'
    throw error
  }
}
