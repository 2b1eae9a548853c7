/** Prompts in a terminal. They use standard error, because standard output is for results. */

import type { Readable, Writable } from 'node:stream'
import { autocomplete, confirm, isCancel, multiselect, select, text } from '@clack/prompts'
import type { Io } from '../command/command.ts'

/** The user can search in a longer list. */
const MAX_CHOICES_SHOWN = 12

class PromptCancelled extends Error {
  override name = 'Cancelled'
}

export interface Choice {
  readonly value: string
  readonly hint?: string
}
/** @returns what is wrong with an answer, or null or undefined for a valid one. */
export type AnswerCheck = (answer: string) => string | null | undefined

export interface Prompter {
  select(message: string, choices: readonly Choice[]): Promise<string>
  multiselect(message: string, choices: readonly Choice[]): Promise<readonly string[]>
  /** @param initial the visible default answer. */
  text(message: string, check: AnswerCheck, initial?: string): Promise<string>
  confirm(message: string, initial: boolean): Promise<boolean>
  /** @returns the result of the questions, or null if the user cancels. */
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
    async text(message, check, initial = '') {
      const validate = (answer: string | undefined) => check(answer || initial) ?? undefined
      const shown = initial === '' ? {} : { placeholder: initial, defaultValue: initial }
      return answered(await text({ message, validate, ...shown, ...streams })) ?? ''
    },
    async confirm(message, initial) {
      return answered(await confirm({ message, initialValue: initial, ...streams }))
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

/** A search without a match is not an answer, so the prompt stays open. */
function checkChoice(value: unknown): string | undefined {
  return value === undefined ? 'No match. Change the search, then choose one.' : undefined
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new PromptCancelled()
  return answer as Exclude<T, symbol>
}
