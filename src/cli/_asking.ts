/** Questions in a terminal. They stand on standard error, so that standard output stays for results. */

import type { Readable, Writable } from 'node:stream'
import { autocomplete, confirm, isCancel, multiselect, password, select, text } from '@clack/prompts'
import type { Io } from './_command.ts'

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
  text(message: string, fault: Fault, placeholder?: string): Promise<string>
  /** What is typed is not shown. */
  hidden(message: string, fault: Fault): Promise<string>
  yes(message: string, otherwise: boolean): Promise<boolean>
  /** The answers together, or null when whoever is asked breaks off. */
  untilCancelled<T>(questions: () => Promise<T>): Promise<T | null>
}

export function asking({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>): Asking {
  const streams = { input: stdin as Readable, output: stderr as Writable }
  const optionOf = ({ value, hint }: Choice) => ({ value, label: value, ...(hint && { hint }) })
  const validator = (fault: Fault) => (answer: string | undefined) => fault(answer ?? '') ?? undefined
  return {
    async one(message, choices) {
      const question = { message, options: choices.map(optionOf), maxItems: MOST_SHOWN, ...streams }
      return answered(await (choices.length > MOST_SHOWN ? autocomplete(question) : select(question)))
    },
    async several(message, choices) {
      const options = choices.map(optionOf)
      return answered(
        await multiselect({ message, options, required: false, maxItems: MOST_SHOWN, ...streams }),
      )
    },
    async text(message, fault, placeholder) {
      return answered(await text({ message, placeholder, validate: validator(fault), ...streams })) ?? ''
    },
    async hidden(message, fault) {
      return answered(await password({ message, validate: validator(fault), ...streams })) ?? ''
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

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new Cancelled()
  return answer as Exclude<T, symbol>
}
