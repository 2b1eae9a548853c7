/** A destination type whose provider has announced the end of its service at one address. */
import { defineDestination } from '../../../src/destinations/_destination.ts'

export default defineDestination<{ url: string }>({
  type: 'ending',
  summary: 'a service that ends',
  endOfSupport: ({ url }) =>
    url.includes('ending.example')
      ? { message: 'the service ends on 5 April 2027', hint: 'use the type hook' }
      : undefined,
  options: {
    type: 'object',
    properties: { url: { type: 'string' } },
    required: ['url'],
    additionalProperties: false,
  },
  request: (message, { url }) => ({ method: 'POST', url, headers: {}, body: message.json }),
  answers: { provider: 'the receiver', success: [{ status: [200] }], rules: [] },
})
