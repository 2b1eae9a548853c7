/**
 * The contract of the bundled destination types: that which authors of types have, too, and what this repository demands
 * besides. The test of a type registers it here with options, secrets and the requests that its provider accepts.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type DestinationType,
  type DirectDestination,
  usesHttp,
} from '../../src/destinations/_destination.ts'
import { destinationCases } from '../../src/workspace/destination-contract/destination-contract.ts'
import { loadDestination } from '../support/delivery.ts'
import { documented, generatedParts, refreshed } from '../support/destination-page.ts'
import { expectOnWire } from '../support/wire.ts'
import { directContract } from './destination-direct.ts'
import { type DestinationFixture, meaningsContract } from './destination-http.ts'
import { redactionContract } from './destination-redaction.ts'

export type { DestinationFixture } from './destination-http.ts'

/** The clauses that the cases of a rule hold, as they stand in the titles. */
const CLAUSES: Readonly<Record<string, string>> = {
  accepted: '[DEL-7.1] ',
  cuts: '[DEL-7.2] ',
  'same-request': '[DEL-1.3] ',
  statuses: '[DEL-3.3] ',
  faults: '[DEL-3.3] ',
  secrets: '[DEL-10.2] ',
  'look-up': '[DEL-7.5] ',
  'foreign-answers': '[DEL-11.1] ',
  'empty-answers': '[DEL-11.1] ',
  redirects: '[DEL-11.2] ',
  'documented-errors': '[DEL-11.3] ',
}

export function destinationContract(name: string, fixture: DestinationFixture): void {
  describe(`${name}, as every destination`, async () => {
    const type = await loadDestination(name)

    it('is named after its file', () => expect(type.type).toBe(name))

    const { wires = [] } = fixture
    const subject = {
      ...fixture,
      type,
      checkRequest: (request: Parameters<typeof expectOnWire>[1]) => expectOnWire(wires, request),
    }
    for (const { id, name: title, run } of destinationCases(subject)) it(`${CLAUSES[id] ?? ''}${title}`, run)
    meaningsContract(type, fixture)
    pageContract(type)
    if (usesHttp(type)) {
      redactionContract(type, fixture)
      return
    }
    // Every type that does not speak HTTP must declare this, so that none omits it by mistake.
    expect(fixture.direct).toBeDefined()
    faultsContract(type, fixture)
    if (fixture.direct) directContract(type, fixture, fixture.direct)
  })
}

/** The table of a type without HTTP: the first rule that matches an error decides. */
function faultsContract({ outcomes }: DirectDestination, { faults: samples = {} }: DestinationFixture): void {
  const declared = outcomes?.faults ?? []
  it('every fault of its table is known by an error, and by no rule before', () => {
    expect(outcomes).toBeDefined()
    expect(Object.keys(samples).sort()).toEqual(declared.map(({ fault }) => fault).sort())
    for (const [fault, errors] of Object.entries(samples)) {
      expect(errors.length).toBeGreaterThan(0)
      for (const error of errors) expect(declared.find(({ matches }) => matches(error))?.fault).toBe(fault)
    }
  })
}

/** These write to the machine itself. */
const TYPES_WITHOUT_CREDENTIAL = new Set(['console', 'file'])

function pageContract(type: DestinationType): void {
  const path = join(import.meta.dirname, '../../docs/destinations', `${type.type}.md`)

  it('the docs page has the options and samples of the code', async () => {
    const page = readFileSync(path, 'utf8')
    const examples = documented(page).filter((each) => each.type === type.type)
    const parts = ['options', 'answers', ...examples.map((each) => `sent by ${each.name}`)]
    expect(examples.length).toBeGreaterThan(0)
    expect(generatedParts(page).sort()).toEqual(parts.sort())
    // `vitest run -u` rewrites the page.
    await expect(refreshed(page, type)).toMatchFileSnapshot(path)
  })

  it('the docs page says how to get the credential, before the options', () => {
    const page = readFileSync(path, 'utf8')
    const hasSection = /^## Credential\n+[^#\s][\s\S]*^## Options$/m.test(page)
    expect(hasSection).toBe(!TYPES_WITHOUT_CREDENTIAL.has(type.type))
  })
}
