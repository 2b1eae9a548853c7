/** What the errors of Kafka mean for a delivery. */
import { nestedErrors, REQUIRES_TLS, UNKNOWN_TOPIC } from '../../../brokers/kafka-failures.ts'
import type { AttemptOutcomes, FaultRule } from '../../_destination.ts'

/** @param codes errors of the protocol: https://kafka.apache.org/protocol#protocol_error_codes */
function fault(
  what: string,
  effect: FaultRule['effect'],
  codes: readonly string[],
  message?: RegExp,
): FaultRule {
  const named = codes.map((code) => `\`${code}\``).join(', ')
  return {
    fault: codes.length > 0 ? `${what} (${named})` : what,
    effect,
    matches: (error) =>
      nestedErrors(error).some((each) => codes.includes(each.apiId ?? '') || message?.test(each.message)),
  }
}

export const KAFKA_OUTCOMES: AttemptOutcomes = {
  delivered: 'the acknowledgement of the record; the history names topic, partition and offset',
  faults: [
    fault(
      'a topic that is not there, or whose name is not valid',
      'pause',
      ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INVALID_TOPIC_EXCEPTION'],
      UNKNOWN_TOPIC,
    ),
    fault('no permission for the topic', 'pause', [
      'TOPIC_AUTHORIZATION_FAILED',
      'CLUSTER_AUTHORIZATION_FAILED',
    ]),
    fault('a sign-in that is refused', 'pause', [
      'SASL_AUTHENTICATION_FAILED',
      'UNSUPPORTED_SASL_MECHANISM',
      'ILLEGAL_SASL_STATE',
      'SECURITY_DISABLED',
    ]),
    fault('no TLS where the broker requires it', 'pause', [], REQUIRES_TLS),
    fault('a cluster that does not accept such records', 'pause', [
      'POLICY_VIOLATION',
      'UNSUPPORTED_VERSION',
      'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    ]),
    fault('a record that is refused', 'dead', [
      'MESSAGE_TOO_LARGE',
      'RECORD_LIST_TOO_LARGE',
      'INVALID_RECORD',
    ]),
  ],
  retried:
    'any other error of Kafka such as `NOT_ENOUGH_REPLICAS`, no connection, no acknowledgement in 10 seconds, an answer that is not Kafka or does not end',
}
