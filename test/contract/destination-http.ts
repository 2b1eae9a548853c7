/** The fixture of a bundled type, and what its provider's answers mean. */
import { expect, it } from 'vitest'
import type { SendResult } from '../../src/delivery/send.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { onStage } from '../../src/workspace/destination-contract/contract-stage.ts'
import type { ContractSubject } from '../../src/workspace/destination-contract/contract-subject.ts'
import type { Answer } from '../support/receiver.ts'
import type { Wire } from '../support/wire.ts'
import type { DirectWire } from './destination-direct.ts'

export type { DocumentedError } from '../../src/workspace/destination-contract/contract-subject.ts'

export interface DestinationFixture
  extends Omit<ContractSubject, 'type' | 'options' | 'secrets' | 'checkRequest'> {
  /** Complete options whose every secret is a literal; `url` is the receiver's, for types that speak HTTP. */
  readonly options: (url: string) => Record<string, unknown>
  /** Texts of those options that may only appear on the wire. */
  readonly secrets: readonly string[]
  /** Answers with their outcomes. */
  readonly meanings?: readonly (readonly [string, Answer, Partial<SendResult>])[]
  /**
   * The requests that the provider accepts, written by hand from its documentation. Compulsory for types that speak
   * HTTP.
   */
  readonly wires?: readonly Wire[]
  /** Compulsory for types that do not speak HTTP; null for those that use no network. */
  readonly direct?: DirectWire | null
  /** For each fault that a type without HTTP declares, errors that are it. Compulsory where it declares any. */
  readonly faults?: Readonly<Record<string, readonly unknown[]>>
}

export function meaningsContract(
  type: DestinationType,
  { options, meanings = [] }: DestinationFixture,
): void {
  it.each(meanings)(
    'the outcome of a response is what its provider means: %s',
    async (_, answer, expected) => {
      await onStage({ type, options }, async ({ script, send }) => {
        script(answer)
        expect(await send()).toMatchObject(expected)
      })
    },
  )
}
