/** WORKER THREAD. Checks whether a body has changed state that all bodies of the interpreter share; see integrity.py. */
import { MalformedResponse } from '../protocol/driver-response.ts'
import type { Offender } from '../protocol/messages.ts'
import { PythonRaised } from '../runtime/c-api.ts'

/** A body has changed shared state, so the worker must end. */
export class IntegrityViolation extends Error {
  override name = 'Tampering'
  /** null: one of the bodies that ran since the last check. */
  readonly offender: Offender | null

  /** @param description lists what was changed, for people. */
  constructor(description: string, offender: Offender | null) {
    super(description)
    this.offender = offender
  }
}

const MAX_DESCRIPTION_CHARS = 300

interface CheckedPython {
  readonly findChanges: (bodies: readonly number[]) => string
}

/** The bodies that ran since the last check, and which of them is the offender; null: any of them. */
interface Suspects {
  readonly bodies: readonly number[]
  readonly offender: Offender | null
}

/**
 * Does the work. If its response cannot be used, a changed piece of shared state may be the reason, so the check runs before
 * the error is thrown. An interpreter that has ended cannot be checked.
 */
export function withIntegrityCheck<T>(python: CheckedPython, suspects: Suspects, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MalformedResponse || error instanceof PythonRaised) assertIntegrity(python, suspects)
    throw error
  }
}

/** @returns the names of values that may have changed on purpose. Each worker lists a name only once. */
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
