/** The contract suite of destination types: the cases that every type must pass, for any test runner. */
import { usesHttp } from '../../destinations/_destination.ts'
import { UserError } from '../../errors.ts'
import { answerCases } from './answer-cases.ts'
import type { ContractCase, ContractSubject } from './contract-subject.ts'
import { httpCases } from './http-cases.ts'
import { typeCases } from './type-cases.ts'

/**
 * Returns the cases of a type: what its description must say, the requests that it builds from alerts of every kind and
 * size, and, for a type that uses HTTP, the outcome of every status, fault of the network and answer of something in
 * between. They send only to servers on loopback, which they start themselves, and take a few seconds in all.
 * @throws UserError with the code `incomplete-contract` for a type that uses HTTP without `accepts`.
 * @example
 * for (const { name, run } of destinationCases({ type, options: (url) => ({ url }), accepts: { status: 202 } })) {
 *   Deno.test(name, run)
 * }
 */
export function destinationCases(subject: ContractSubject): ContractCase[] {
  const { type, accepts } = subject
  if (!usesHttp(type)) return typeCases(subject)
  if (!accepts) {
    throw new UserError(`the contract of ${type.type} has no answer for a success`, {
      code: 'incomplete-contract',
      hint: 'give `accepts`, the answer that the provider documents',
    })
  }
  const complete = { ...subject, accepts }
  return [...typeCases(subject), ...httpCases(complete), ...answerCases(complete, type.answers)]
}

/**
 * Defines a test for each case of a type. `test` is the function of any runner that takes a title and an asynchronous
 * function: that of `node:test`, of vitest, of Jest or of Mocha (`it`).
 * @example
 * import { test } from 'node:test'
 * import { destinationContract } from 'signalbox/destination'
 * import pager from './pager.ts'
 *
 * destinationContract({
 *   test,
 *   type: pager,
 *   // `url` is a receiver on loopback, in place of the provider.
 *   options: (url) => ({ url, token: 'a-secret-token' }),
 *   secrets: ['a-secret-token'],
 *   accepts: { status: 202, headers: { 'content-type': 'application/json' }, body: '{"id":"1"}' },
 * })
 */
export function destinationContract({
  test,
  ...subject
}: ContractSubject & { readonly test: DefineTest }): void {
  for (const { name, run } of destinationCases(subject)) test(`${subject.type.type}: ${name}`, run)
}

/** Defines one test of a test runner. */
export type DefineTest = (title: string, run: () => Promise<void>) => unknown
