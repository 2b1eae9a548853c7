/** Asks the canary in the interpreter whether a body has changed what all bodies share; see integrity.py. */
import { MalformedResponse } from '../protocol/driver-response.ts'
import type { Offender } from '../protocol/messages.ts'
import { PythonRaised } from '../runtime/c-api.ts'

/** The worker is of no more use. */
export class IntegrityViolation extends Error {
  override name = 'Tampering'
  /** null: one of those that ran since it was asked last. */
  readonly offender: Offender | null

  /** @param what was changed, for people. */
  constructor(description: string, offender: Offender | null) {
    super(description)
    this.offender = offender
  }
}

const MAX_DESCRIPTION_CHARS = 300

interface CheckedPython {
  readonly findChanges: (bodies: readonly number[]) => string
}

/** The bodies that were asked since the last check, and who changed what is found; null: one of them. */
interface Suspects {
  readonly bodies: readonly number[]
  readonly offender: Offender | null
}

/**
 * Does the work. Where its answer can't be used, what a body has changed may be the reason: that is looked for before
 * anything is made of the failure. An interpreter that has ended can't be asked.
 */
export function withIntegrityCheck<T>(python: CheckedPython, suspects: Suspects, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MalformedResponse || error instanceof PythonRaised) assertIntegrity(python, suspects)
    throw error
  }
}

/** @returns what has changed and may have, by a name for each; the same is never found twice. */
export function assertIntegrity(python: CheckedPython, { bodies, offender }: Suspects): readonly string[] {
  const [description = '', warned = ''] = findChanges(python, bodies).split('\n')
  if (description !== '') throw new IntegrityViolation(description.slice(0, MAX_DESCRIPTION_CHARS), offender)
  return warned === '' ? [] : warned.slice(0, MAX_DESCRIPTION_CHARS).split(', ')
}

function findChanges(python: CheckedPython, bodies: readonly number[]): string {
  try {
    return python.findChanges(bodies)
  } catch (error) {
    if (error instanceof PythonRaised) return 'the integrity check itself'
    throw error
  }
}
