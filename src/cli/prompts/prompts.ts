/** Questions in a terminal. They stand on standard error, so that standard output stays for results. */

import type { Readable, Writable } from 'node:stream'
import { autocomplete, confirm, isCancel, multiselect, select, text } from '@clack/prompts'
import type { Io } from '../command/command.ts'

/** A longer list can be searched by typing. */
const MAX_CHOICES_SHOWN = 12

class PromptCancelled extends Error {
  override name = 'Cancelled'
}

export interface Choice {
  readonly value: string
  readonly hint?: string
}
/** Says what is wrong with an answer, or nothing. */
export type AnswerCheck = (answer: string) => string | null | undefined

export interface Prompter {
  select(message: string, choices: readonly Choice[]): Promise<string>
  multiselect(message: string, choices: readonly Choice[]): Promise<readonly string[]>
  /** @param otherwise the answer when nothing is typed; it is shown. */
  text(message: string, fault: AnswerCheck, otherwise?: string): Promise<string>
  confirm(message: string, otherwise: boolean): Promise<boolean>
  /** The answers together, or null when whoever is asked breaks off. */
  orCancel<T>(questions: () => Promise<T>): Promise<T | null>
}

export function createPrompter({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>): Prompter {
  const streams = { input: stdin as Readable, output: stderr as Writable }
  const optionOf = ({ value, hint }: Choice) => ({ value, label: value, ...(hint && { hint }) })
  return {
    async select(message, choices) {
      const question = { message, options: choices.map(optionOf), maxItems: MAX_CHOICES_SHOWN, ...streams }
      if (choices.length <= MAX_CHOICES_SHOWN) return answered(await select(question))
      return answered(await autocomplete({ ...question, validate: checkChoice }))
    },
    async multiselect(message, choices) {
      const options = choices.map(optionOf)
      return answered(
        await multiselect({ message, options, required: false, maxItems: MAX_CHOICES_SHOWN, ...streams }),
      )
    },
    async text(message, fault, otherwise = '') {
      const validate = (answer: string | undefined) => fault(answer || otherwise) ?? undefined
      const shown = otherwise === '' ? {} : { placeholder: otherwise, defaultValue: otherwise }
      return answered(await text({ message, validate, ...shown, ...streams })) ?? ''
    },
    async confirm(message, otherwise) {
      return answered(await confirm({ message, initialValue: otherwise, ...streams }))
    },
    async orCancel(questions) {
      try {
        return await questions()
      } catch (error) {
        if (error instanceof PromptCancelled) return null
        throw error
      }
    },
  }
}

/** A search without a match chooses nothing, and the question stays. */
function checkChoice(value: unknown): string | undefined {
  return value === undefined ? 'Nothing matches. Change the search, then choose one.' : undefined
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new PromptCancelled()
  return answer as Exclude<T, symbol>
}
