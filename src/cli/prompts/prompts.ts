/** Questions in a terminal. They stand on standard error, so that standard output stays for results. */

import type { Readable, Writable } from 'node:stream'
import { autocomplete, confirm, isCancel, multiselect, select, text } from '@clack/prompts'
import type { Io } from '../command/command.ts'

/** A longer list can be searched by typing. */
const MOST_SHOWN = 12

class Cancelled extends Error {
  override name = 'Cancelled'
}

export interface Choice {
  readonly value: string
  readonly hint?: string
}
/** Says what is wrong with an answer, or nothing. */
export type Fault = (answer: string) => string | null | undefined

export interface Asking {
  one(message: string, choices: readonly Choice[]): Promise<string>
  several(message: string, choices: readonly Choice[]): Promise<readonly string[]>
  /** @param otherwise the answer when nothing is typed; it is shown. */
  text(message: string, fault: Fault, otherwise?: string): Promise<string>
  yes(message: string, otherwise: boolean): Promise<boolean>
  /** The answers together, or null when whoever is asked breaks off. */
  untilCancelled<T>(questions: () => Promise<T>): Promise<T | null>
}

export function asking({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>): Asking {
  const streams = { input: stdin as Readable, output: stderr as Writable }
  const optionOf = ({ value, hint }: Choice) => ({ value, label: value, ...(hint && { hint }) })
  return {
    async one(message, choices) {
      const question = { message, options: choices.map(optionOf), maxItems: MOST_SHOWN, ...streams }
      if (choices.length <= MOST_SHOWN) return answered(await select(question))
      return answered(await autocomplete({ ...question, validate: chosenFault }))
    },
    async several(message, choices) {
      const options = choices.map(optionOf)
      return answered(
        await multiselect({ message, options, required: false, maxItems: MOST_SHOWN, ...streams }),
      )
    },
    async text(message, fault, otherwise = '') {
      const validate = (answer: string | undefined) => fault(answer || otherwise) ?? undefined
      const shown = otherwise === '' ? {} : { placeholder: otherwise, defaultValue: otherwise }
      return answered(await text({ message, validate, ...shown, ...streams })) ?? ''
    },
    async yes(message, otherwise) {
      return answered(await confirm({ message, initialValue: otherwise, ...streams }))
    },
    async untilCancelled(questions) {
      try {
        return await questions()
      } catch (error) {
        if (error instanceof Cancelled) return null
        throw error
      }
    },
  }
}

/** A search without a match chooses nothing, and the question stays. */
function chosenFault(value: unknown): string | undefined {
  return value === undefined ? 'Nothing matches. Change the search, then choose one.' : undefined
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new Cancelled()
  return answer as Exclude<T, symbol>
}
