/** docs/openapi.json: the document that the API serves. */
import Fastify from 'fastify'
import { nullLog } from '../../src/model/ports.ts'
import type { Access } from '../../src/server/access/access.ts'
import { addApi } from '../../src/server/api/api-part.ts'
import type { ApiPorts } from '../../src/server/api/api-ports.ts'
import type { Streams } from '../../src/server/api/change-stream.ts'

const EVERYONE: Access = {
  needsIngestToken: false,
  ownerOf: () => null,
  authorize: () => ({ caller: { name: 'docs', role: 'viewer', by: 'token' } }),
}

/** No route but that of the document is called, so the API needs nothing behind it. */
export async function openapiDocument(): Promise<string> {
  const fastify = Fastify()
  const nothing = { ports: {} as ApiPorts, streams: {} as Streams, log: nullLog }
  await fastify.register((scope) => addApi(scope, EVERYONE, nothing))
  const answer = await fastify.inject('/api/v1/openapi.json')
  await fastify.close()
  return `${JSON.stringify(answer.json(), null, 2)}\n`
}
