/** The source of a JetStream stream. Its subjects are partitions, each with a cursor of its own. */
import type { BrokerContext, PartitionContext, PartitionedSource, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import {
  requireReferences,
  requireTlsFor,
  requireTogether,
  TLS_OPTIONS,
  usesTls,
} from './broker/broker-security.ts'
import { parseBrokerSpec } from './broker/broker-spec.ts'
import { Sessions, SIGN_IN_OPTIONS, streamOf } from './jetstream/nats-session.ts'
import { PartitionReader } from './jetstream/partition-reader.ts'
import { cursorBehind } from './jetstream/stream-cursor.ts'
import { partitionSubjects } from './jetstream/subjects.ts'

const STREAM = /^[^\s.*>/\\]{1,255}$/
const OPTIONS = ['subject', 'start', ...SIGN_IN_OPTIONS, ...TLS_OPTIONS]
const TOGETHER = { user: ['password'], password: ['user'], certificate: ['key'], key: ['certificate'] }
const SECRETS = ['token', 'password', 'credentials', 'ca', 'certificate', 'key']

export default {
  scheme: 'nats',
  summary: 'a JetStream stream, nats:HOST:PORT/STREAM; ?subject= names its partitions',
  cursorBehind,
  open(spec) {
    refuseUnknownOptions(spec, OPTIONS)
    const broker = parseBrokerSpec(spec, 'STREAM', (name) => STREAM.test(name))
    const subjects = partitionSubjects(spec)
    requireReferences(spec, SECRETS)
    requireTogether(spec, TOGETHER)
    requireTlsFor(spec, SIGN_IN_OPTIONS, broker.addresses)
    usesTls(spec, broker.addresses)
    const sessions = new Sessions(spec, broker)
    return {
      ends: false,
      storedName: broker.storedName,
      list: async (context: BrokerContext) => {
        const session = await sessions.open(context)
        await sessions.ask(() => streamOf(session, spec, broker.log))
        return subjects
      },
      run: (subject: string, context: PartitionContext) =>
        new PartitionReader({ spec, broker, subject, sessions }, context).run(),
      close: async () => sessions.close(),
    } satisfies PartitionedSource
  },
} satisfies SourceType
