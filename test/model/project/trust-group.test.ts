/** Which trust group a piece of code belongs to. */
import { expect, it } from 'vitest'
import { trustGroupOf } from '../../../src/model/project/trust-group.ts'
import { detection } from '../../support/model.ts'

const vendors = detection({
  id: 'Vendor.One',
  location: { file: 'vendor/one.yml', line: 1, column: 1 },
  body: { path: 'vendor/one.py', source: '' },
  tags: ['Third Party'],
})
const spoken = { ...vendors, location: { file: 'rules/ours.yml', line: 1, column: 1 } }
const ours = detection({ id: 'Ours' })

it.each([
  ['by the file of its spec', vendors, [{ group: 'v', match: { paths: ['vendor/*.yml'] } }], 'v'],
  [
    'by the file of its code, whichever spec names it',
    spoken,
    [{ group: 'v', match: { paths: ['vendor/**'] } }],
    'v',
  ],
  ['by id', vendors, [{ group: 'v', match: { ids: ['Vendor.*'] } }], 'v'],
  ['by tag', vendors, [{ group: 'v', match: { tags: ['Third*'] } }], 'v'],
  [
    'only if all that ask are met',
    vendors,
    [{ group: 'v', match: { ids: ['Vendor.*'], tags: ['X'] } }],
    'default',
  ],
  [
    'by the first rule that fits',
    vendors,
    [
      { group: 'a', match: { ids: ['Ours'] } },
      { group: 'b', match: { ids: ['*'] } },
      { group: 'c', match: { ids: ['*'] } },
    ],
    'b',
  ],
  ['as the project’s own otherwise', ours, [{ group: 'v', match: { paths: ['vendor/**'] } }], 'default'],
  ['as the project’s own where a rule asks nothing', ours, [{ group: 'v', match: { ids: [] } }], 'default'],
])('%s', (_, subject, rules, group) => {
  expect(trustGroupOf(subject, rules)).toBe(group)
})
